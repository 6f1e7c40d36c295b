using System.Collections.Concurrent;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Consumers.Kinds;

/// <summary>A task's context without a task: keeps what the handler reports.</summary>
internal sealed class RecordingContext(int attempt = 1) : TaskContext
{
    private readonly ConcurrentQueue<TaskProgress> _progress = new();
    private readonly TaskCompletionSource _firstReport = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<TaskProgress> Progress => [.. _progress];

    /// <summary>Completes with the first report.</summary>
    public Task FirstReport => _firstReport.Task;

    public override Guid TaskId { get; } = Guid.NewGuid();

    public override string Kind => "test.kind";

    public override string Queue => "default";

    public override int Attempt => attempt;

    public override int MaxAttempts => 5;

    public override StopReason StopReason => StopReason.None;

    public override void ReportProgress(double percent, string? message = null)
    {
        _progress.Enqueue(new TaskProgress(percent, message));
        _firstReport.TrySetResult();
    }
}
