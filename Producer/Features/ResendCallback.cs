using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/tasks/{id}/callbacks/{delivery}/resend</c> <c>{reason?}</c>: sends a callback once more, with the same <c>webhook-id</c> and all its attempts; one that waits
/// for its next attempt is sent now instead. 202 with the delivery; <c>Prefer: wait=N</c> waits for its end, 200.
/// </summary>
internal static class ResendCallback
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/tasks/{id}/callbacks/{delivery}/resend", HandleAsync).AnswersJson().Needs(ApiScopes.Operate)
        .Describe("resendCallback", ApiTags.Callbacks, "Send a callback once more", o => o
            .Says("With the same `webhook-id` and all its attempts; one that waits for its next attempt is sent now instead.")
            .OfTask()
            .Path("delivery", Shape.Uuid, "The delivery.")
            .Prefers()
            .TakesReason()
            .Gives<CallbackDeliveryResponse>(200, "With `Prefer: wait`: it has ended.", CallbackExamples.Sent, ApiHeaders.Location, ApiHeaders.PreferenceApplied)
            .Gives<CallbackDeliveryResponse>(202, "It is on its way.", CallbackExamples.Waiting, ApiHeaders.Location, ApiHeaders.PreferenceApplied)
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.UnknownCallback));

    private static async Task<Results<JsonHttpResult<CallbackDeliveryResponse>, ProblemResult>> HandleAsync(
        string id, string delivery, HttpContext http, CallbackDeliveries deliveries, TaskWaits waits)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId) || !TaskIds.TryParse(delivery, out var deliveryId, out notAnId))
            return notAnId;
        var (reason, problem) = await ActionReason.ReadAsync(http);
        if (problem is not null)
            return new ProblemResult(problem);
        if (await deliveries.ResendAsync(taskId, deliveryId, http.OnBehalf(reason), http.RequestAborted) is { } sender)
            return await CallbackAnswers.AnswerAsync(http, taskId, sender, deliveries, waits);
        return new ProblemResult(await deliveries.ListAsync(taskId, http.RequestAborted) is null
            ? Problems.UnknownTask(taskId)
            : CallbackProblems.UnknownCallback(taskId, deliveryId));
    }
}
