using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>Answers with a problem.</summary>
internal sealed class ProblemResult(Problem problem) : IResult, IStatusCodeHttpResult
{
    public int? StatusCode => problem.Status;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = problem.Status;
        response.ContentType = Problem.MediaType;
        response.Headers.CacheControl = "no-store";
        if (problem.RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var whole = problem with { Instance = httpContext.Request.Path, TraceId = Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier };
        if (!HttpMethods.IsHead(httpContext.Request.Method))
            await JsonSerializer.SerializeAsync(response.BodyWriter, whole, HttpJson.Options, httpContext.RequestAborted);
    }
}
