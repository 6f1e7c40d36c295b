using Messaging.Contracts.Http;

namespace Messaging.Infrastructure.Access;

/// <summary>An API key as the ledger has it: everything but the key.</summary>
public sealed record ApiKey
{
    /// <summary>The part that everybody may see.</summary>
    public required string Id { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>What its holder may do.</summary>
    public required ApiScopes Scopes { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last used, about to the minute; null: never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it stops working by itself; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked; null: it was not.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>How many requests a second on average; null: the default.</summary>
    public int? RatePerSecond { get; init; }
}

/// <summary>A key that somebody wants.</summary>
/// <param name="Name">For people.</param>
/// <param name="Scopes">At least one.</param>
/// <param name="ExpiresAt">When it stops working by itself; null: never.</param>
/// <param name="ExpiresIn">The same from now, by the ledger's clock; not both.</param>
/// <param name="RatePerSecond">How many requests a second on average; null: the default.</param>
public sealed record NewKey(string Name, ApiScopes Scopes, DateTimeOffset? ExpiresAt = null, TimeSpan? ExpiresIn = null, int? RatePerSecond = null)
{
    /// <summary>What a name may be, for error messages.</summary>
    public const string NameRule = "1 to 100 characters without control characters";

    /// <summary>The fastest pace that can be asked for.</summary>
    public const int FastestRate = 1_000_000;

    /// <summary>The longest life that can be asked for.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(3650);

    /// <summary>True if <paramref name="name"/> follows <see cref="NameRule"/>.</summary>
    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is >= 1 and <= 100 && !name.Any(char.IsControl);
    }
}
