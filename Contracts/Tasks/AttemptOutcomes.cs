namespace Messaging.Contracts.Tasks;

/// <summary>How a run of a task ended: the words in a task's history.</summary>
public static class AttemptOutcomes
{
    /// <summary>It has not: this worker has it.</summary>
    public const string Running = "running";

    /// <summary>The handler returned a result.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>The handler threw, or its input or result could not be used.</summary>
    public const string Failed = "failed";

    /// <summary>It took longer than the attempt's timeout.</summary>
    public const string TimedOut = "timed-out";

    /// <summary>Somebody, or the handler itself, called the task off.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The handler put the task off: not an attempt, the next run has the same number.</summary>
    public const string Snoozed = "snoozed";

    /// <summary>Its worker died: not an attempt, the next run has the same number.</summary>
    public const string WorkerLost = "worker-lost";
}
