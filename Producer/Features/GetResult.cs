using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/tasks/{id}/result</c>: the result alone, byte by byte as the handler returned it. 409 while there is none yet
/// (<c>task-not-ended</c>) and when there will never be one (<c>task-not-succeeded</c>, with the failure). 304 if the client has it already.
/// </summary>
internal static class GetResult
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/v1/tasks/{id}/result", EntityResult.Methods, HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("getResult", ApiTags.Tasks, "Get the result alone", o => o
            .Says("Byte by byte as the handler returned it.")
            .OfTask()
            .Conditions()
            .Gives(200, "The result; its kind has the schema.", new Content("application/json", Shape.AnyJson, Examples.Succeeded.Result), ApiHeaders.ETag)
            .Gives(304, "It is as `If-None-Match` says.", null, ApiHeaders.ETag)
            .Refuses(ProblemTypes.TaskNotEnded, ProblemTypes.TaskNotSucceeded));

    private static async Task<Results<EntityResult, ProblemResult>> HandleAsync(string id, HttpContext http, TaskReader tasks)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        return await tasks.FindAsync(taskId, http.RequestAborted) switch
        {
            null => new ProblemResult(Problems.UnknownTask(taskId)),
            { Result: { } result } => new EntityResult(result),
            { State: var state } task when state.IsFinal() => new ProblemResult(Problems.NotSucceeded(taskId, state, task.Failure)),
            { State: var state } => new ProblemResult(Problems.NotEnded(taskId, state)),
        };
    }
}
