namespace Messaging.Contracts.Http;

/// <summary>The body of <c>POST /v1/tasks</c>, and one line of <c>POST /v1/tasks/batch</c>. Unknown members are refused.</summary>
public sealed record SubmitTaskRequest
{
    /// <summary>The largest body with one task, in bytes: 17 MiB.</summary>
    public const int MaxBytes = 17 * 1024 * 1024;

    /// <summary>The largest line, or element, of a batch, in bytes: 1 MiB.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    /// <summary>The largest input, in bytes: 16 MiB. Above 256 KiB it is kept as a file, which nobody notices.</summary>
    public const int MaxInputBytes = 16 * 1024 * 1024;

    /// <summary>The most tasks in one batch.</summary>
    public const int MaxBatch = 10_000;

    /// <summary>The most tags of one task.</summary>
    public const int MaxTags = 20;

    /// <summary>How far ahead a task may be put off: a year.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(366);

    /// <summary>The longest time that one attempt may be given: a day.</summary>
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(24);

    /// <summary>A registered kind.</summary>
    public required string Kind { get; init; }

    /// <summary>What the handler gets; must fit the kind's input schema. Stored byte by byte as sent.</summary>
    public required RawJson Input { get; init; }

    /// <summary>Where it runs. Default: the kind's queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Not before this long from now. Default: at once. Not together with <see cref="RunAt"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Not before this time; a time past means at once. Not together with <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>How long one attempt may take: 1 ms to <see cref="LongestTimeout"/>. Default: the kind's.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// Before which a run must start; later than now and than <see cref="RunAt"/>. A task that does not run by then ends expired; a failed
    /// attempt whose retry would come later fails the task at once. What runs may end after it. Default: none.
    /// </summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Attempts in all, 1 to 100. Default: the kind's.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Words to find the task by; each 1 to 100 characters, no duplicates. Default: none.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>
    /// The caller's own name for this request, 1 to 255 characters without control characters: however often it is sent, it makes one task
    /// while the key is remembered (a day, unless the service is set otherwise). The header <c>Idempotency-Key</c> says the same. Default: none.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Who is told, by a signed webhook, when the task ends. Default: nobody.</summary>
    public CallbackRequest? Callback { get; init; }
}
