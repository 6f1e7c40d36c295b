using Messaging.Contracts.Http;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>An endpoint as the ledger has it: everything but its secrets themselves.</summary>
/// <param name="Name">What tasks call it by.</param>
/// <param name="Url">Where callbacks go.</param>
/// <param name="Events">Of which ends it is told, unless a task says otherwise.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="DisabledAt">Since when nothing is sent to it; null: it is enabled.</param>
/// <param name="DisabledReason"><c>gone</c> or <c>operator</c>; null: it is enabled.</param>
/// <param name="Secrets">When the secrets that sign were made, and when they stop; newest first.</param>
public sealed record CallbackEndpoint(
    string Name,
    string Url,
    CallbackEvents Events,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DisabledAt,
    string? DisabledReason,
    IReadOnlyList<(DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt)> Secrets);

/// <summary>What is different of an endpoint from now on.</summary>
/// <param name="Url">Where callbacks go; null: as before.</param>
/// <param name="Events">Of which ends it is told, unless a task says otherwise; null: as before.</param>
public sealed record EndpointChange(string? Url, CallbackEvents? Events);

/// <summary>A secret that signs.</summary>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it stops; null: it is the present one.</param>
/// <param name="Secret">Itself.</param>
public sealed record SigningSecret(DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, byte[] Secret);

/// <summary>What came of an action on an endpoint.</summary>
public enum EndpointAnswer
{
    /// <summary>It is done; also if it was so before.</summary>
    Done,

    /// <summary>There is no endpoint of this name.</summary>
    Unknown,

    /// <summary>There is one of this name already; nothing was changed.</summary>
    Exists,

    /// <summary>There are as many as there may be: endpoints, or secrets of one; nothing was changed.</summary>
    TooMany,
}
