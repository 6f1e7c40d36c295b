using Messaging.Contracts.Http;

namespace Messaging.Producer.OpenApi;

// The bodies that are read member by member (MemberReader), as records: for the document only.

/// <summary>Why somebody does something; it goes into the audit log.</summary>
/// <param name="Reason">1 to 1000 characters.</param>
internal sealed record ActionBody(string? Reason = null);

/// <summary>What is different when a failed task runs again.</summary>
/// <param name="Input">Another input, from now on; must fit the kind's input schema.</param>
/// <param name="Reason">Why; 1 to 1000 characters.</param>
internal sealed record RetryBody(RawJson? Input = null, string? Reason = null);

/// <summary>What to do with many dead letters.</summary>
/// <param name="Action"><c>retry</c> or <c>discard</c>.</param>
/// <param name="Filter">Which; must be there, and <c>{}</c> means all.</param>
/// <param name="DryRun">True: only count and show a sample. Default: false.</param>
/// <param name="RatePerSecond">The most in a second, 1 to 100,000. Default: as many as it can.</param>
/// <param name="Reason">Why; 1 to 1000 characters.</param>
internal sealed record OperationBody(
    string Action, DeadLetterFilterBody Filter, bool? DryRun = null, int? RatePerSecond = null, string? Reason = null);

/// <summary>Which dead letters. A member that is left out does not narrow.</summary>
/// <param name="Kind">Only tasks of this kind.</param>
/// <param name="Queue">Only tasks of this queue.</param>
/// <param name="Fingerprint">Only failures of this cause: 16 hex digits.</param>
/// <param name="Tag">Only tasks with this tag.</param>
/// <param name="FinishedAfter">Only what failed then or later.</param>
/// <param name="FinishedBefore">Only what failed earlier.</param>
internal sealed record DeadLetterFilterBody(
    string? Kind = null,
    string? Queue = null,
    string? Fingerprint = null,
    string? Tag = null,
    DateTimeOffset? FinishedAfter = null,
    DateTimeOffset? FinishedBefore = null);

/// <summary>An API key that somebody wants.</summary>
/// <param name="Name">Who or what will use it; 1 to 100 characters without control characters.</param>
/// <param name="Scopes">At least one of <c>submit</c>, <c>read</c>, <c>operate</c>, <c>admin</c>.</param>
/// <param name="ExpiresAt">When it stops working by itself, at most ten years ahead. Default: never.</param>
/// <param name="ExpiresIn">The same from now; not both.</param>
/// <param name="RatePerSecond">Requests a second on average, 1 to 1,000,000. Default: the service's.</param>
/// <param name="Reason">Why; 1 to 1000 characters.</param>
internal sealed record KeyBody(
    string Name,
    IReadOnlyList<string> Scopes,
    DateTimeOffset? ExpiresAt = null,
    TimeSpan? ExpiresIn = null,
    int? RatePerSecond = null,
    string? Reason = null);

/// <summary>What an event stream is to be opened for by somebody who has no key. Without members: everything.</summary>
/// <param name="TaskId">The events of one task; not together with the others.</param>
/// <param name="Tag">Only tasks with this tag.</param>
/// <param name="Kind">Only tasks of this kind.</param>
/// <param name="Queue">Only tasks of this queue.</param>
/// <param name="ExpiresIn">How long streams may be opened with it: 1 second to 1 hour. Default: 5 minutes.</param>
internal sealed record StreamTokenBody(
    Guid? TaskId = null, string? Tag = null, string? Kind = null, string? Queue = null, TimeSpan? ExpiresIn = null);

/// <summary>A receiver of callbacks that somebody registers.</summary>
/// <param name="Name">What tasks will call it by: 1 to 60 characters of a-z, 0-9, '-' and '_'.</param>
/// <param name="Url">An absolute http or https address.</param>
/// <param name="Events">Of which ends it is told: some of <c>task.succeeded</c>, <c>task.failed</c>, <c>task.cancelled</c>, <c>task.expired</c>. Default: all.</param>
/// <param name="Secret">What signs: <c>whsec_</c> and base64 of 24 to 64 bytes. Default: one is made.</param>
/// <param name="Reason">Why; 1 to 1000 characters.</param>
internal sealed record CallbackEndpointBody(
    string Name, string Url, IReadOnlyList<string>? Events = null, string? Secret = null, string? Reason = null);

/// <summary>What is different of a receiver of callbacks from now on.</summary>
/// <param name="Url">Another absolute http or https address.</param>
/// <param name="Events">Of which ends it is told: some of <c>task.succeeded</c>, <c>task.failed</c>, <c>task.cancelled</c>, <c>task.expired</c>. Null: all.</param>
internal sealed record CallbackEndpointPatch(string? Url = null, IReadOnlyList<string>? Events = null);

/// <summary>How a secret takes the place of another.</summary>
/// <param name="Secret">The new one: <c>whsec_</c> and base64 of 24 to 64 bytes. Default: one is made.</param>
/// <param name="KeepOldFor">How long the one before signs too, up to 90 days. Default: a day.</param>
/// <param name="Reason">Why; 1 to 1000 characters.</param>
internal sealed record SecretRotationBody(string? Secret = null, TimeSpan? KeepOldFor = null, string? Reason = null);
