using Messaging.Contracts.Http;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>Whom a new task wants to be told of its end; valid. Either an address or an endpoint.</summary>
/// <param name="Url">The address; null: <paramref name="Endpoint"/>.</param>
/// <param name="Endpoint">The endpoint's name; null: <paramref name="Url"/>.</param>
/// <param name="Events">Of which ends; null: as the endpoint says, or of all.</param>
/// <param name="Secret">What signs it, 24 to 64 bytes; null: the endpoint's secrets, or those of addresses.</param>
public sealed record NewCallback(string? Url, string? Endpoint, CallbackEvents? Events = null, byte[]? Secret = null);
