using Messaging.Contracts.Http;

namespace Messaging.EntityFramework;

/// <summary>How a task is to run, where that is not what its kind says. What is null is left to the kind.</summary>
public sealed record EnqueueOptions
{
    /// <summary>Where it runs: 1 to 60 characters of a-z, 0-9, '-' and '_'. Default: the kind's queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Not before this long from now, at most a year. Default: at once. Not together with <see cref="RunAt"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Not before this time; a time past means at once. Default: at once.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>How long one attempt may take, 1 ms to 24 h. Default: the kind's.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What has not started before it ends expired. Default: none.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Attempts in all, 1 to 100. Default: the kind's.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Words to find the task by: up to 20, each of 1 to 100 characters. Default: none.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>
    /// The caller's own name for the task, 1 to 255 characters: however often it is enqueued with it, by whatever door, there is one task, whose id
    /// is answered. Default: none.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// Who is told, by a signed webhook, when the task ends: an address or a registered endpoint. Written with the task, in the same transaction.
    /// Default: nobody.
    /// </summary>
    public CallbackRequest? Callback { get; init; }
}
