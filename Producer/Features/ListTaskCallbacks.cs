using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/tasks/{id}/callbacks</c>: who is told of the end of a task, and each callback with all its requests, newest first.</summary>
internal static class ListTaskCallbacks
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tasks/{id}/callbacks", HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("listTaskCallbacks", ApiTags.Callbacks, "Look at the callbacks of a task", o => o
            .Says("Who is told of its end, and each callback with all its requests.")
            .OfTask()
            .Gives<TaskCallbacksResponse>(200, "The callbacks, newest first.", CallbackExamples.Callbacks));

    private static async Task<Results<JsonHttpResult<TaskCallbacksResponse>, ProblemResult>> HandleAsync(
        string id, HttpContext http, CallbackDeliveries deliveries)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        return await deliveries.ListAsync(taskId, http.RequestAborted) is { } callbacks
            ? CallbackResponses.Answer(http.Response, CallbackResponses.Of(taskId, callbacks))
            : new ProblemResult(Problems.UnknownTask(taskId));
    }
}
