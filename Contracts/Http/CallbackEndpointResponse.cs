namespace Messaging.Contracts.Http;

/// <summary>An endpoint as <c>/v1/callback-endpoints</c> shows it. A member without a value is left out.</summary>
public sealed record CallbackEndpointResponse
{
    /// <summary>What tasks call it by.</summary>
    public required string Name { get; init; }

    /// <summary>Where callbacks go.</summary>
    public required string Url { get; init; }

    /// <summary>Of which ends it is told, unless a task says otherwise.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>When it was registered.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Since when nothing is sent to it; left out while it is enabled.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>Why: <c>gone</c> (it answered 410) or <c>operator</c>.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>What its callbacks are signed with, newest first; without the secrets themselves.</summary>
    public required IReadOnlyList<CallbackSecretResponse> Secrets { get; init; }

    /// <summary>The present secret, <c>whsec_…</c>. Only in the answer that made it.</summary>
    public string? Secret { get; init; }
}

/// <summary>A secret that signs, as it is shown.</summary>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it stops signing because another has taken its place; left out for the present one.</param>
/// <param name="Secret">The secret itself, <c>whsec_…</c>: only where the address says so.</param>
public sealed record CallbackSecretResponse(DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt = null, string? Secret = null);

/// <summary>What signs callbacks to addresses that brought no secret of their own.</summary>
/// <param name="Secrets">Newest first. All that have not expired sign.</param>
public sealed record CallbackSecretsResponse(IReadOnlyList<CallbackSecretResponse> Secrets);
