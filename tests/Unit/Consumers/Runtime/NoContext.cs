using Messaging.Contracts.Handlers;

namespace Messaging.Tests.Unit.Consumers.Runtime;

internal sealed class NoContext : TaskContext
{
    public static NoContext Instance { get; } = new();

    public override Guid TaskId => Guid.Empty;

    public override string Kind => "none";

    public override string Queue => "none";

    public override int Attempt => 1;

    public override int MaxAttempts => 1;

    public override StopReason StopReason => StopReason.None;

    public override void ReportProgress(double percent, string? message = null)
    {
    }
}
