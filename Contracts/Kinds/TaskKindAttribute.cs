namespace Messaging.Contracts.Kinds;

/// <summary>
/// Gives an input record its kind: the name that stands on the wire, and what its tasks get when a request does not say otherwise.
/// Durations are ISO 8601 (<c>PT30S</c>) because attributes can't hold a <see cref="TimeSpan"/>.
/// </summary>
/// <param name="name">Lower-case words joined by dots or dashes, at most 100 characters: <c>http.fetch</c>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class TaskKindAttribute(string name) : Attribute
{
    /// <summary>The kind's name on the wire.</summary>
    public string Name { get; } = name;

    /// <summary>What the kind does, in one sentence; shown by <c>GET /v1/kinds</c>.</summary>
    public string Description { get; init; } = "";

    /// <summary>The queue its tasks go to. Default: <c>default</c>.</summary>
    public string Queue { get; init; } = KindDescription.DefaultQueue;

    /// <summary>How long one attempt may take, ISO 8601. Default: <c>PT5M</c>.</summary>
    public string Timeout { get; init; } = "PT5M";

    /// <summary>Attempts in all. Default: 5.</summary>
    public int MaxAttempts { get; init; } = Tasks.RetryPolicy.DefaultMaxAttempts;

    /// <summary>
    /// The delay before the second attempt, ISO 8601. Default: <c>PT1S</c>. It doubles with each attempt; chance adds up to half of it.
    /// </summary>
    public string FirstRetryDelay { get; init; } = "PT1S";

    /// <summary>Where the doubling ends, ISO 8601. Default: <c>PT5M</c>.</summary>
    public string MaxRetryDelay { get; init; } = "PT5M";
}
