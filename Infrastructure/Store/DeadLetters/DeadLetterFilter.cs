namespace Messaging.Infrastructure.Store.DeadLetters;

/// <summary>What a look at dead letters may be narrowed to; nulls do not narrow.</summary>
/// <param name="Kind">Only tasks of this kind.</param>
/// <param name="Queue">Only tasks of this queue.</param>
/// <param name="Fingerprint">Only failures of this cause.</param>
/// <param name="Tag">Only tasks with this tag.</param>
/// <param name="FinishedAfter">Only what failed then or later.</param>
/// <param name="FinishedBefore">Only what failed earlier.</param>
public sealed record DeadLetterFilter(
    string? Kind = null,
    string? Queue = null,
    string? Fingerprint = null,
    string? Tag = null,
    DateTimeOffset? FinishedAfter = null,
    DateTimeOffset? FinishedBefore = null);
