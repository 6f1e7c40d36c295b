using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;

namespace Messaging.Consumers.Runtime;

/// <summary>What a handler sees of its <see cref="TaskExecution"/>, and where its latest progress waits to be written.</summary>
internal sealed class AttemptContext(TaskExecution execution, ProgressWriter progress) : TaskContext
{
    private TaskProgress? _latest;
    private int _waiting;

    /// <summary>How many reports were written; owned by the <see cref="ProgressWriter"/>.</summary>
    public int Written { get; set; }

    /// <summary>The attempt.</summary>
    public TaskExecution Execution => execution;

    public override Guid TaskId => execution.Copy.Id;

    public override string Kind => execution.Copy.Kind;

    public override string Queue => execution.Queue;

    public override int Attempt => execution.Claim.Attempt;

    public override int MaxAttempts => execution.Copy.MaxAttempts;

    public override StopReason StopReason => execution.StopReason;

    public override void ReportProgress(double percent, string? message = null)
    {
        Volatile.Write(ref _latest, new TaskProgress(double.IsNaN(percent) ? 0 : Math.Clamp(percent, 0, 100), message));
        // In line once, however many reports: the latest is what is written.
        if (Interlocked.Exchange(ref _waiting, 1) == 0)
            progress.Enqueue(this);
    }

    /// <summary>Takes the latest report away; null if another round has written it.</summary>
    public TaskProgress? TakeProgress()
    {
        // First out of the line, then the value: a report that comes in between stands in line again.
        Volatile.Write(ref _waiting, 0);
        return Interlocked.Exchange(ref _latest, null);
    }
}
