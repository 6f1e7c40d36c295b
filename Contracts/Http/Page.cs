namespace Messaging.Contracts.Http;

/// <summary>A list, or a page of one.</summary>
/// <param name="Items">What was found.</param>
/// <param name="Next">Give it back as <c>after</c> for the next page; null if there is none. The header <c>Link</c> has the whole address.</param>
/// <param name="SearchedUntil">
/// Set when the search stopped because it took too long: tasks accepted before this time were not looked at. The page may then hold fewer
/// items than asked for, or none, and <paramref name="Next"/> goes on from here.
/// </param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next = null, DateTimeOffset? SearchedUntil = null);
