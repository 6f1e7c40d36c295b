using Messaging.Contracts.Http;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Store.Explain;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/tasks/{id}/explain</c>: why the task is where it is, in one computed answer.</summary>
internal static class ExplainTask
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tasks/{id}/explain", HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("explainTask", ApiTags.Tasks, "Ask why a task is not running", o => o
            .Says("One computed reason, the one to look at first, and a sentence that says what can be done.")
            .OfTask()
            .Gives<ExplainResponse>(200, "The reason.", Examples.Explain));

    private static async Task<Results<JsonHttpResult<ExplainResponse>, ProblemResult>> HandleAsync(
        string id, HttpContext http, TaskExplainer explainer, BrokerHealth broker)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        http.Response.Headers.CacheControl = "no-store";
        return await explainer.ExplainAsync(taskId, View(broker), http.RequestAborted) is { } answer
            ? TypedResults.Json(answer, HttpJson.Options)
            : new ProblemResult(Problems.UnknownTask(taskId));
    }

    private static BrokerView View(BrokerHealth broker) => broker switch
    {
        { Connected: false } => BrokerView.Away,
        { Blocked: true } => BrokerView.Blocked,
        _ => BrokerView.Working,
    };
}
