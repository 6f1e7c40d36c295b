using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Producer.Http;

namespace Messaging.Producer.Access;

/// <summary>What those are told who are not let in.</summary>
internal static class AccessProblems
{
    public static Problem NoKey() => Unauthorized("This needs an API key: send it as 'Authorization: Bearer <key>'.");

    public static Problem UnknownKey() => Unauthorized("The API key is unknown or revoked.");

    public static Problem ExpiredKey(ApiKey key) => Unauthorized($"The API key {key.Id} expired at {key.ExpiresAt:yyyy-MM-ddTHH:mm:ssZ}.");

    public static Problem ManyKeys() => Problems.InvalidRequest(new ProblemError("Given more than once.", Header: "Authorization"));

    public static Problem ManyTokens() => Problems.InvalidRequest(
        new ProblemError("Give one token and no header Authorization, or the header alone.", Parameter: AccessToken.Parameter));

    public static Problem NoStream() => Problems.InvalidRequest(
        new ProblemError("Tokens open event streams only; here send an API key as 'Authorization: Bearer <key>'.", Parameter: AccessToken.Parameter));

    public static Problem UnknownToken() => Unauthorized("The stream token is unknown or has expired: make another with POST /v1/events/tokens.");

    public static Problem OtherStream() => new()
    {
        Type = ProblemTypes.InsufficientScope,
        Title = "Insufficient scope",
        Status = StatusCodes.Status403Forbidden,
        Detail = "The stream token was made for another event stream.",
    };

    public static Problem MissingScope(ApiKey key, string scope) => new()
    {
        Type = ProblemTypes.InsufficientScope,
        Title = "Insufficient scope",
        Status = StatusCodes.Status403Forbidden,
        Detail = $"This needs the scope '{scope}'; the API key {key.Id} has {string.Join(", ", ApiScopeWords.Of(key.Scopes))}.",
    };

    public static Problem CrossSite() => new()
    {
        Type = ProblemTypes.CrossSite,
        Title = "Cross-site request",
        Status = StatusCodes.Status403Forbidden,
        Detail = "A page of another site asks for this; without an API key that is refused.",
    };

    public static Problem ForeignHost(string host) => new()
    {
        Type = ProblemTypes.CrossSite,
        Title = "Cross-site request",
        Status = StatusCodes.Status403Forbidden,
        Detail = $"Without API keys this is only for this machine, as localhost or 127.0.0.1, not as '{Problems.Short(host)}'. "
            + "Make a key, or allow everybody with Messaging:Anonymous=true.",
        Errors = [new ProblemError("Not a name of this machine's loopback.", Header: "Host")],
    };

    public static Problem TooFast(ApiKey key, int retryAfter) => new()
    {
        Type = ProblemTypes.RateLimited,
        Title = "Too many requests",
        Status = StatusCodes.Status429TooManyRequests,
        Detail = $"The API key {key.Id} has used up its rate: see the headers RateLimit-Policy and RateLimit.",
        RetryAfter = retryAfter,
    };

    private static Problem Unauthorized(string detail) => new()
    {
        Type = ProblemTypes.Unauthorized,
        Title = "Unauthorized",
        Status = StatusCodes.Status401Unauthorized,
        Detail = detail,
    };
}
