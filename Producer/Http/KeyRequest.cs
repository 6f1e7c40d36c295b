using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Infrastructure.Access;

namespace Messaging.Producer.Http;

/// <summary>Reads the body of <c>POST /v1/keys</c>.</summary>
internal static class KeyRequest
{
    /// <summary>The largest body, in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>Either a key, and why somebody wants it, or what is wrong with the body.</summary>
    public static (NewKey? Key, string? Reason, Problem? Problem) Read(ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        using var json = MemberReader.Parse(body, out var malformed);
        if (json is null)
            return (null, null, malformed);
        var members = json.Object("A key", "name", "scopes", "expiresAt", "expiresIn", "ratePerSecond", "reason");
        var name = members.Text("name", NewKey.IsName, NewKey.NameRule);
        if (!members.Has("name"))
            members.Missing("name", "Missing: say who or what will use the key.");
        var scopes = ReadScopes(members);
        var expiresAt = members.Time("expiresAt");
        if (expiresAt <= now || expiresAt > now + NewKey.LongestLife)
            members.Wrong("expiresAt", "It has passed, or is more than ten years ahead.");
        var expiresIn = ReadLife(members);
        if (expiresAt is not null && expiresIn is not null)
            members.Wrong("expiresIn", "Give either expiresAt or expiresIn, not both.");
        var rate = members.Integer("ratePerSecond", 1, NewKey.FastestRate);
        var reason = members.Text("reason", ActionReason.IsReason, ActionReason.Rule);
        return json.Problem is { } problem ? (null, null, problem) : (new NewKey(name!, scopes, expiresAt, expiresIn, rate), reason, null);
    }

    private static ApiScopes ReadScopes(MemberReader.Members members)
    {
        var scopes = ApiScopes.None;
        var words = members.Texts("scopes", word => ApiScopeWords.TryParse(word, out _), $"a scope; scopes are {ApiScopeWords.All}");
        foreach (var word in words ?? [])
        {
            if (ApiScopeWords.TryParse(word, out var scope))
                scopes |= scope;
        }

        if (!members.Has("scopes"))
            members.Missing("scopes", $"Missing: an array with some of {ApiScopeWords.All}.");
        else if (words is { Count: 0 })
            members.Wrong("scopes", $"Empty: name at least one of {ApiScopeWords.All}.");
        return scopes;
    }

    private static TimeSpan? ReadLife(MemberReader.Members members)
    {
        TimeSpan life = default;
        return members.Text(
            "expiresIn",
            text => Iso8601Duration.TryParse(text, out life) && life > TimeSpan.Zero && life <= NewKey.LongestLife,
            "a duration such as P90D, of at most ten years") is null ? null : life;
    }
}
