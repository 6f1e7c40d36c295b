namespace Messaging.Contracts.Messages;

/// <summary>
/// The bus message: one to N tasks of one queue. It is only a hint that they may be ready; the ledger decides at the claim.
/// On the wire: <c>{"v":1,"tasks":[{"id","rev","kind","input",…}]}</c> as plain JSON without an envelope.
/// </summary>
/// <param name="Tasks">At least one, or none in a marker.</param>
public sealed record RunTasks(IReadOnlyList<RunTask> Tasks)
{
    /// <summary>
    /// Set in a marker, which goes through a queue to show what was in front of it; on the wire <c>{"v":1,"marker":"…","tasks":[]}</c>.
    /// Versions that don't know it set it aside as a message without tasks, so it is sent only where every worker knows it.
    /// </summary>
    public Guid? Marker { get; init; }

    /// <summary>The version of the shape; a reader sets aside what is newer than it knows.</summary>
    public const int Version = 1;
}

/// <summary>One task in a <see cref="RunTasks"/>: all that a worker needs to run it, so that a normal run reads nothing from the ledger.</summary>
/// <param name="Id">The task.</param>
/// <param name="Revision">What the copy was made from; a claim that finds another revision reads the task from the ledger. -1: its input is too large to travel.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Input">Its input, UTF-8 JSON exactly as it was sent.</param>
/// <param name="Timeout">How long one attempt may take.</param>
/// <param name="MaxAttempts">Attempts in all.</param>
/// <param name="TraceParent">The W3C trace context of the submit, or null.</param>
/// <param name="Losses">If it is a suspect, how often its worker died while it ran; such a task travels alone. 0, the default: it is none.</param>
public sealed record RunTask(
    Guid Id,
    int Revision,
    string Kind,
    ReadOnlyMemory<byte> Input,
    TimeSpan Timeout,
    int MaxAttempts,
    string? TraceParent,
    int Losses = 0);
