using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client;

/// <summary>What a task gets instead of its kind's defaults. Bounds are those of <see cref="SubmitTaskRequest"/>; the Producer checks them.</summary>
public sealed record SubmitOptions
{
    /// <summary>Where it runs. Default: the kind's queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Not before this long from now, at most a year. Default: at once. Not together with <see cref="RunAt"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Not before this time. Default: at once. Not together with <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>How long one attempt may take, 1 ms to a day. Default: the kind's.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Before which a run must start. Default: none.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Attempts in all, 1 to 100. Default: the kind's.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Words to find the task by, at most 20. Default: none.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>
    /// The caller's own name for what must happen once: however often and from whichever process it is submitted, there is one task. Default:
    /// a new one for each call, so that the client may repeat a request whose answer was lost.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// Who is told, by a signed webhook, when the task ends; the Producer checks it. Default: nobody. A record with <see cref="CallbackRequest.Url"/> or
    /// <see cref="CallbackRequest.Endpoint"/>.
    /// </summary>
    public CallbackRequest? Callback { get; init; }

    /// <summary>These options, and for what they leave out those of <paramref name="defaults"/>.</summary>
    internal SubmitOptions Over(SubmitOptions defaults)
    {
        var hasTime = Delay is not null || RunAt is not null;
        return new SubmitOptions
        {
            Queue = Queue ?? defaults.Queue,
            Delay = hasTime ? Delay : defaults.Delay,
            RunAt = hasTime ? RunAt : defaults.RunAt,
            Timeout = Timeout ?? defaults.Timeout,
            Deadline = Deadline ?? defaults.Deadline,
            MaxAttempts = MaxAttempts ?? defaults.MaxAttempts,
            Tags = Tags ?? defaults.Tags,
            IdempotencyKey = IdempotencyKey,
            Callback = Callback ?? defaults.Callback,
        };
    }
}
