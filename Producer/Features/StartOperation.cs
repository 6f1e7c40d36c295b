using Messaging.Contracts.Http;
using Messaging.Infrastructure.Operations;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/operations</c> <c>{action, filter, dryRun?, ratePerSecond?, reason?}</c>: retries or discards all dead letters that match. 202 and
/// <c>Location</c>: it goes on by itself, also if this process dies. With <c>dryRun</c> 200, the count and a sample, and nothing is changed.
/// </summary>
internal static class StartOperation
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/operations", HandleAsync).Needs(ApiScopes.Operate)
        .Describe("startOperation", ApiTags.DeadLetters, "Retry or discard all that match", o => o
            .Says("Goes on by itself, also if the process dies that accepted it. Takes only what had failed before.")
            .Takes<OperationBody>("What to do, with which.", Examples.NewOperation)
            .Gives<DryRunResponse>(200, "With `dryRun`: what would be done. Nothing is changed.", Examples.DryRun)
            .Gives<OperationResponse>(202, "It is accepted.", Examples.Operation, ApiHeaders.Location, ApiHeaders.RetryAfter)
            .Leads("getOperation").Leads("stopOperation")
            .Refuses(ProblemTypes.InvalidValue));

    private static async Task<IResult> HandleAsync(HttpContext http, DeadLetterSearch search, OperationStore operations)
    {
        if (new QueryReader(http.Request.Query).Problem is { } parameter)
            return new ProblemResult(parameter);
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return new ProblemResult(type);
        if (await RequestBody.ReadAsync(http, OperationRequest.MaxBytes) is not { } body)
            return new ProblemResult(Problems.TooLarge("The body", OperationRequest.MaxBytes));
        var (operation, dryRun, problem) = OperationRequest.Read(body);
        if (operation is null)
            return new ProblemResult(problem!);

        var count = await search.CountAsync(operation.Filter, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        if (dryRun)
        {
            return TypedResults.Json(
                new DryRunResponse(
                    OperationResponses.Word(operation.Action),
                    OperationResponses.Of(operation.Filter),
                    count.Count,
                    count.IsExact,
                    [.. count.Sample.Select(TaskResponses.Of)]),
                HttpJson.Options);
        }

        var accepted = await operations.AcceptAsync(operation, count, http.OnBehalf(operation.Reason), http.RequestAborted);
        http.Response.Headers.Location = $"/v1/operations/{accepted.Id}";
        http.Response.Headers.RetryAfter = "1";
        return TypedResults.Json(OperationResponses.Of(accepted), HttpJson.Options, statusCode: StatusCodes.Status202Accepted);
    }
}
