namespace Messaging.Contracts.Http;

/// <summary>An API key as <c>/v1/keys</c> shows it. A member without a value is left out.</summary>
public sealed record KeyResponse
{
    /// <summary>The part of the key that everybody may see; it stands in the key behind <c>msg_</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Who or what uses it, for people. Not unique.</summary>
    public required string Name { get; init; }

    /// <summary>What its holder may do: some of <see cref="ApiScopeWords.All"/>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last used, about to the minute; left out: never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it stops working by itself; left out: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When somebody revoked it; left out: nobody has.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>How many requests a second it may make on average; left out: the service's default.</summary>
    public int? RatePerSecond { get; init; }

    /// <summary>The key itself. Only in the answer that made it: nobody can read it again.</summary>
    public string? Secret { get; init; }
}
