namespace Messaging.Contracts.Handlers;

/// <summary>Why a handler's token was cancelled.</summary>
public enum StopReason
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Somebody called the task off.</summary>
    Cancelled,

    /// <summary>The attempt took longer than its timeout.</summary>
    TimedOut,

    /// <summary>This worker was declared dead, or another one has the task: nothing that it returns will be kept.</summary>
    ClaimLost,

    /// <summary>The worker is stopping and its time to drain is over: the task is handed back and runs elsewhere.</summary>
    ShuttingDown,
}
