using Messaging.Contracts.Http;
using Messaging.Infrastructure.Operations;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/operations/{id}/stop</c> <c>{reason?}</c>: stops an operation. 200 with the operation, which does nothing more from here on; what it did stays done.
/// 409 if it had ended.
/// </summary>
internal static class StopOperation
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/operations/{id}/stop", HandleAsync).Needs(ApiScopes.Operate)
        .Describe("stopOperation", ApiTags.DeadLetters, "Stop an operation", o => o
            .Says("Nothing more is done; what was done stays done.")
            .Path("id", Shape.Uuid, "The operation.")
            .TakesReason()
            .Gives<OperationResponse>(200, "It is stopped.", Examples.Operation with { State = "stopped", FinishedAt = Examples.Created.AddSeconds(1) }, ApiHeaders.RetryAfter)
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.UnknownOperation, ProblemTypes.OperationEnded));

    private static async Task<Results<JsonHttpResult<OperationResponse>, ProblemResult>> HandleAsync(string id, HttpContext http, OperationStore operations)
    {
        if (!TaskIds.TryParse(id, out var operationId, out var notAnId))
            return notAnId;
        var (reason, problem) = await ActionReason.ReadAsync(http);
        if (problem is not null)
            return new ProblemResult(problem);
        var stopped = await operations.StopAsync(operationId, http.OnBehalf(reason), http.RequestAborted);
        if (await operations.FindAsync(operationId, http.RequestAborted) is not { } operation)
            return new ProblemResult(Problems.UnknownOperation(operationId));
        return stopped
            ? GetOperation.Answer(http.Response, operation)
            : new ProblemResult(Problems.OperationEnded(operationId, OperationResponses.Word(operation.State)));
    }
}
