using Messaging.Contracts.Http;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /health/live</c>: 200 while the process answers. <c>GET /health/ready</c>: 200 while tasks are accepted, also when the broker is
/// away (<c>degraded</c>); 503 while the ledger can't be reached.
/// </summary>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => TypedResults.Json(new HealthResponse("live", new Dictionary<string, HealthPart>()), HttpJson.Options))
            .IsPublic()
            .Describe("getLive", ApiTags.Service, "See whether the process lives", o => o
                .Gives<HealthResponse>(200, "It does.", new HealthResponse("live", new Dictionary<string, HealthPart>())));
        routes.MapGet("/health/ready", ReadyAsync).IsPublic()
            .Describe("getReady", ApiTags.Service, "See whether tasks are accepted", o => o
                .Gives<HealthResponse>(200, "They are; with `degraded` something else is away, RabbitMQ for instance, and they are published later.", Examples.Ready)
                .Gives<HealthResponse>(503, "They are not: the ledger can't be reached.", Examples.Unavailable));
    }

    private static async Task<JsonHttpResult<HealthResponse>> ReadyAsync(HttpContext http, HealthCheckService checks)
    {
        var report = await checks.CheckHealthAsync(http.RequestAborted);
        var parts = report.Entries.ToDictionary(e => e.Key, e => new HealthPart(Word(e.Value.Status), e.Value.Description));
        var accepting = report.Entries[LedgerCheck.Name].Status == HealthStatus.Healthy;
        var status = !accepting ? "unavailable" : report.Status == HealthStatus.Healthy ? "ready" : "degraded";
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new HealthResponse(status, parts),
            HttpJson.Options,
            statusCode: accepting ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "ok",
        HealthStatus.Degraded => "degraded",
        _ => "away",
    };
}
