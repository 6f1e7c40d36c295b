namespace Messaging.Contracts.Tasks;

/// <summary>The values of <see cref="TaskFailure.Code"/> that the system itself writes. Handlers may use others.</summary>
public static class FailureCodes
{
    /// <summary>The handler threw.</summary>
    public const string HandlerError = "handler-error";

    /// <summary>The attempt took longer than its timeout.</summary>
    public const string Timeout = "timeout";

    /// <summary>The stored input could not be read as the handler's input type.</summary>
    public const string InvalidInput = "invalid-input";

    /// <summary>The handler's result could not be stored: not serialisable or too large.</summary>
    public const string InvalidResult = "invalid-result";

    /// <summary>The worker that ran the attempt died.</summary>
    public const string WorkerLost = "worker-lost";

    /// <summary>The task could not start before its deadline.</summary>
    public const string DeadlinePassed = "deadline-passed";

    /// <summary>Somebody, or the handler itself, called the task off.</summary>
    public const string Cancelled = "cancelled";
}
