using System.Net;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Producer.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Messaging.Producer.Access;

/// <summary>
/// Lets a request in if it has a key with the scope that its route needs (RFC 6750), or if nobody needs a key here. Costs anonymous requests
/// a look at the route and at three headers.
/// </summary>
internal sealed class AccessGate(
    KeyCatalog keys, LedgerClock clock, StreamTokens tokens, AccessMode mode, CrossOrigins origins, RateLimits limits, AccessMeter meter)
{
    // A client that is still sending would not see the answer; a stranger is not given more patience than this.
    private const long MostReadAway = 1024 * 1024;

    private const string Scheme = "Bearer";
    private const string Realm = $"{Scheme} realm=\"messaging\"";

    /// <summary>Puts the gate in front of the actions.</summary>
    public static void Use(WebApplication app)
    {
        var gate = app.Services.GetRequiredService<AccessGate>();
        app.Use(gate.HandleAsync);
    }

    /// <summary>What a request is answered that was let in and lasted longer than its key (<see cref="LastingRequests"/>).</summary>
    public ProblemResult NoLonger(HttpContext http)
    {
        var (problem, reason, challenge) = http.Key() switch
        {
            null => (AccessProblems.NoKey(), "no-key", Realm),
            { } key when key.ExpiresAt <= clock.Now => (AccessProblems.ExpiredKey(key), "expired", Challenge("invalid_token", "The key has expired.")),
            _ => (AccessProblems.UnknownKey(), "unknown", Challenge("invalid_token", "The key is unknown or revoked.")),
        };
        meter.Refused(reason);
        http.Response.Headers[HeaderNames.WWWAuthenticate] = challenge;
        return new ProblemResult(problem);
    }

    private Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        // Whatever is no route of ours is answered by 404 or 405, which say nothing.
        if (http.GetEndpoint() is not RouteEndpoint endpoint)
            return next(http);
        var needed = endpoint.Metadata.GetMetadata<RequiredScope>()?.Scope ?? ApiScopes.Admin;
        if (needed == ApiScopes.None)
            return next(http);
        var authorization = http.Request.Headers.Authorization;
        return http.Features.Get<AccessToken>() is { } token ? CheckAsync(http, endpoint, token, needed, next)
            : authorization.Count > 0 ? CheckAsync(http, authorization, needed, next)
            : CheckAnonymousAsync(http, next);
    }

    private Task CheckAnonymousAsync(HttpContext http, RequestDelegate next) => mode.LetsAnonymousIn(keys) switch
    {
        true when IsOfAnotherSite(http.Request) && !origins.Allows(http.Request.Headers.Origin) => RefuseAsync(http, AccessProblems.CrossSite(), "cross-site"),
        true when !mode.Anonymous && !IsLoopbackName(http.Request.Host.Host) =>
            RefuseAsync(http, AccessProblems.ForeignHost(http.Request.Host.Host), "foreign-host"),
        true => next(http),
        false => RefuseAsync(http, AccessProblems.NoKey(), "no-key", Realm),
        null => RefuseAsync(http, Problems.LedgerUnavailable(), "undecided"),
    };

    private async Task CheckAsync(HttpContext http, StringValues authorization, ApiScopes needed, RequestDelegate next)
    {
        if (authorization.Count > 1)
        {
            await RefuseAsync(http, AccessProblems.ManyKeys(), "malformed", Challenge("invalid_request", "More than one Authorization header."));
            return;
        }

        if (ReadKey(authorization.ToString()) is not { } text)
        {
            await RefuseAsync(http, AccessProblems.NoKey(), "no-key", Realm);
            return;
        }

        var (state, key) = await keys.CheckAsync(text, http.RequestAborted);
        await AdmitAsync(http, state, key, needed, next);
    }

    /// <summary>A stream token is worth what the key that made it is worth now, for the one stream that it was made for.</summary>
    private async Task CheckAsync(HttpContext http, RouteEndpoint endpoint, AccessToken token, ApiScopes needed, RequestDelegate next)
    {
        if (endpoint.Metadata.GetMetadata<TakesStreamToken>() is null)
        {
            await RefuseAsync(http, AccessProblems.NoStream(), "malformed");
            return;
        }

        if (token.Value is not { } text || http.Request.Headers.Authorization.Count > 0)
        {
            await RefuseAsync(http, AccessProblems.ManyTokens(), "malformed", Challenge("invalid_request", "More than one way to say who asks."));
            return;
        }

        // A browser that comes back takes any answer but a stream for the end; while nobody knows, a cut connection makes it try again.
        StreamToken? found;
        try
        {
            found = await tokens.FindAsync(text, http.RequestAborted);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e) && EventIds.IsReconnect(http.Request))
        {
            http.Abort();
            return;
        }

        if (found is null)
        {
            await RefuseAsync(http, AccessProblems.UnknownToken(), "unknown", Challenge("invalid_token", "The token is unknown or has expired."));
        }
        else if (!found.Target.Covers(TargetOf(http)))
        {
            await RefuseAsync(http, AccessProblems.OtherStream(), "scope", Challenge("insufficient_scope", "The token is for another stream."));
        }
        else if (found.KeyId is null)
        {
            await CheckAnonymousAsync(http, next);
        }
        else
        {
            var (state, key) = await keys.CheckIdAsync(found.KeyId, http.RequestAborted);
            if (state == KeyState.Undecided && EventIds.IsReconnect(http.Request))
                http.Abort();
            else
                await AdmitAsync(http, state, key, needed, next);
        }
    }

    /// <summary>Which stream a request asks for.</summary>
    private static StreamTarget TargetOf(HttpContext http)
    {
        if (http.Request.RouteValues.TryGetValue("id", out var id))
            return new StreamTarget(Guid.TryParseExact(id as string, "D", out var task) ? task : Guid.Empty);
        var query = http.Request.Query;
        return new StreamTarget(null, Value("tag"), Value("kind"), Value("queue"));

        string? Value(string name) => query.TryGetValue(name, out var values) ? values.ToString() : null;
    }

    private async Task AdmitAsync(HttpContext http, KeyState state, ApiKey? key, ApiScopes needed, RequestDelegate next)
    {
        switch (state)
        {
            case KeyState.Unknown:
                await RefuseAsync(http, AccessProblems.UnknownKey(), "unknown", Challenge("invalid_token", "The key is unknown or revoked."));
                return;
            case KeyState.Expired:
                await RefuseAsync(http, AccessProblems.ExpiredKey(key!), "expired", Challenge("invalid_token", "The key has expired."));
                return;
            case KeyState.Undecided:
                await RefuseAsync(http, Problems.LedgerUnavailable(), "undecided");
                return;
        }

        if (!key!.Scopes.Include(needed))
        {
            var word = ApiScopeWords.Of(needed)[0];
            await RefuseAsync(
                http, AccessProblems.MissingScope(key, word), "scope", Challenge("insufficient_scope", $"The key lacks the scope {word}.") + $", scope=\"{word}\"");
            return;
        }

        http.SetKey(key);
        if (limits.Take(http, key) is { } wait)
        {
            await RefuseAsync(http, AccessProblems.TooFast(key, wait), "rate");
            return;
        }

        await next(http);
    }

    /// <summary>What stands behind <c>Bearer</c>; null if the header is of another scheme.</summary>
    private static string? ReadKey(string authorization)
    {
        var space = authorization.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && authorization.AsSpan(0, space).Equals(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[space..].Trim() : null;
    }

    /// <summary>
    /// A page of another site, open in a browser on this machine, may send requests here without seeing the answers. Browsers say so
    /// (Fetch Metadata); programs send no such header.
    /// </summary>
    private static bool IsOfAnotherSite(HttpRequest request) =>
        request.Headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "same-origin" && site != "none";

    /// <summary>A name that a stranger's DNS points at this machine makes a browser take his page for ours: only loopback's own names are let in.</summary>
    private static bool IsLoopbackName(string host) =>
        host is "" or "localhost" || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static string Challenge(string error, string description) =>
        $"{Realm}, error=\"{error}\", error_description=\"{description}\"";

    private async Task RefuseAsync(HttpContext http, Problem problem, string reason, string? challenge = null)
    {
        meter.Refused(reason);
        if (challenge is not null)
            http.Response.Headers[HeaderNames.WWWAuthenticate] = challenge;
        var stillSending = http.Request.Headers.TransferEncoding.Count > 0 || http.Request.ContentLength > 0;
        if (http.Request.ContentLength <= MostReadAway)
            await RequestBody.ReadAwayAsync(http);
        else if (stillSending)
            http.Response.Headers.Connection = "close";
        await new ProblemResult(problem).ExecuteAsync(http);
    }
}
