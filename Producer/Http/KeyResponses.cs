using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;

namespace Messaging.Producer.Http;

/// <summary>Shows keys.</summary>
internal static class KeyResponses
{
    /// <summary>A key as the ledger has it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="secret">Only in the answer that made it.</param>
    public static KeyResponse Of(ApiKey key, string? secret = null) => new()
    {
        Id = key.Id,
        Name = key.Name,
        Scopes = ApiScopeWords.Of(key.Scopes),
        CreatedAt = key.CreatedAt,
        LastUsedAt = key.LastUsedAt,
        ExpiresAt = key.ExpiresAt,
        RevokedAt = key.RevokedAt,
        RatePerSecond = key.RatePerSecond,
        Secret = secret,
    };
}
