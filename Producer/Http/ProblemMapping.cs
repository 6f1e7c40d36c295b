using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store;
using Microsoft.AspNetCore.Diagnostics;

namespace Messaging.Producer.Http;

/// <summary>Turns exceptions, and the framework's bare status codes, into problems. What was not foreseen is logged and says nothing of itself.</summary>
internal sealed class ProblemMapping(ILogger<ProblemMapping> log) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        await new ProblemResult(Of(httpContext, exception)).ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>Puts the mapping in front of everything else.</summary>
    public static void Use(WebApplication app)
    {
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(context => new ProblemResult(Problems.OfStatus(context.HttpContext.Response.StatusCode)).ExecuteAsync(context.HttpContext));
    }

    private Problem Of(HttpContext http, Exception exception)
    {
        switch (exception)
        {
            case LedgerUnavailableException:
                return Problems.LedgerUnavailable();
            case BadHttpRequestException bad:
                return Problems.OfStatus(bad.StatusCode) with { Detail = bad.Message };
            case var e when LedgerErrors.IsTransient(e):
                log.LedgerAway(http.Request.Method, http.Request.Path, e.Message);
                return Problems.LedgerUnavailable();
            default:
                log.Unforeseen(exception, http.Request.Method, http.Request.Path);
                return Problems.InternalError();
        }
    }
}
