using System.Collections.Concurrent;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>Which answers the tests of this run have had: operation, status, and the problem's type if it was one.</summary>
internal static class SeenAnswers
{
    private static readonly ConcurrentDictionary<(string Route, int Status, string? Problem), bool> Seen = new();

    /// <summary>All of them.</summary>
    public static ICollection<(string Route, int Status, string? Problem)> All => Seen.Keys;

    /// <summary>One was had.</summary>
    public static void Add(string route, int status, string? problem) => Seen.TryAdd((route, status, problem), true);
}
