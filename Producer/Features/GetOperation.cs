using Messaging.Contracts.Http;
using Messaging.Infrastructure.Operations;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/operations/{id}</c>: what an operation was asked to do and how far it is.</summary>
internal static class GetOperation
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/operations/{id}", HandleAsync).Needs(ApiScopes.Read)
        .Describe("getOperation", ApiTags.DeadLetters, "Look at an operation", o => o
            .Path("id", Shape.Uuid, "The operation.")
            .Gives<OperationResponse>(200, "What it was asked to do, and how far it is.", Examples.Operation, ApiHeaders.RetryAfter)
            .Refuses(ProblemTypes.UnknownOperation));

    /// <summary>Answers with an operation, and with a hint when to ask again if it has not ended.</summary>
    public static JsonHttpResult<OperationResponse> Answer(HttpResponse response, Operation operation)
    {
        response.Headers.CacheControl = "no-store";
        if (operation.FinishedAt is null)
            response.Headers.RetryAfter = "1";
        return TypedResults.Json(OperationResponses.Of(operation), HttpJson.Options);
    }

    private static async Task<Results<JsonHttpResult<OperationResponse>, ProblemResult>> HandleAsync(string id, HttpContext http, OperationStore operations)
    {
        if (!TaskIds.TryParse(id, out var operationId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        return await operations.FindAsync(operationId, http.RequestAborted) is { } operation
            ? Answer(http.Response, operation)
            : new ProblemResult(Problems.UnknownOperation(operationId));
    }
}
