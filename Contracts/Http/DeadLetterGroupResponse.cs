namespace Messaging.Contracts.Http;

/// <summary>Dead letters of one cause.</summary>
/// <param name="Fingerprint">The cause: 16 hex digits.</param>
/// <param name="Count">How many there are, among those looked at.</param>
/// <param name="Kind">Their kind.</param>
/// <param name="Code">Their failure's code.</param>
/// <param name="Message">The message of the last one.</param>
/// <param name="FirstSeen">When the first of them failed.</param>
/// <param name="LastSeen">When the last of them failed.</param>
/// <param name="SampleIds">The last few to fail.</param>
public sealed record DeadLetterGroupResponse(
    string Fingerprint,
    long Count,
    string? Kind,
    string? Code,
    string? Message,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen,
    IReadOnlyList<Guid> SampleIds);

/// <summary>Dead letters by cause, the most numerous first.</summary>
/// <param name="Items">The groups, as many as were asked for.</param>
/// <param name="Groups">How many groups there are.</param>
/// <param name="SearchedUntil">
/// Set when there are too many dead letters to look at all: what failed before this time is not counted. A filter narrows the search.
/// </param>
public sealed record DeadLetterGroupsResponse(IReadOnlyList<DeadLetterGroupResponse> Items, int Groups, DateTimeOffset? SearchedUntil = null);
