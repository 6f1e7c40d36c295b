namespace Messaging.Contracts.Http;

/// <summary>A token with which a browser opens one event stream, as <c>POST /v1/events/tokens</c> answers it.</summary>
/// <param name="Token">The token, for the parameter <c>access_token</c>. Nobody can read it again.</param>
/// <param name="ExpiresAt">Until when streams may be opened with it. One that is open goes on, as long as the API key works that the token was made with.</param>
/// <param name="Url">The address of the stream, without host, with the token in it.</param>
public sealed record StreamTokenResponse(string Token, DateTimeOffset ExpiresAt, string Url);
