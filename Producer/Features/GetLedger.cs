using Messaging.Contracts.Http;
using Messaging.Infrastructure.Reconcile;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/ledger</c>: what the last check of the ledger found. <c>unaccounted</c> is 0 when all is well.</summary>
internal static class GetLedger
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/ledger", HandleAsync).Needs(ApiScopes.Read)
        .Describe("getLedger", ApiTags.Service, "See whether everything is accounted for", o => o
            .Gives<LedgerResponse>(200, "What the last check found; `unaccounted` is 0 when all is well.", Examples.Ledger));

    private static async Task<Results<JsonHttpResult<LedgerResponse>, ProblemResult>> HandleAsync(HttpContext http, LedgerReports reports)
    {
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        var report = await reports.ReadAsync(http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new LedgerResponse
            {
                CheckedAt = report.CheckedAt,
                CheckedUpTo = report.CheckedUpTo,
                Duration = report.Duration,
                Accepted = report.Accepted,
                Ended = report.Ended,
                Open = new LedgerOpen(report.Scheduled, report.Waiting, report.Queued, report.Running),
                Unaccounted = report.Unaccounted,
                Overdue = report.Overdue,
                OrphanClaims = report.Orphans,
                Outbox = new LedgerOutbox(report.OutboxRows, report.OutboxLag),
                Repairs = report.Repairs,
            },
            HttpJson.Options);
    }
}
