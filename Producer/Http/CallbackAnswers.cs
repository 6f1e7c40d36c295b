using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Callbacks;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Http;

/// <summary>Answers with a delivery that was just asked for.</summary>
internal static class CallbackAnswers
{
    /// <summary>202 with the delivery; with <c>Prefer: wait=N</c> 200 if it ended in time.</summary>
    /// <param name="http">The request.</param>
    /// <param name="taskId">What the callback is about.</param>
    /// <param name="delivery">The task that sends it.</param>
    /// <param name="deliveries">Reads it.</param>
    /// <param name="waits">Waits for it.</param>
    public static async Task<Results<JsonHttpResult<CallbackDeliveryResponse>, ProblemResult>> AnswerAsync(
        HttpContext http, Guid taskId, Guid delivery, CallbackDeliveries deliveries, TaskWaits waits)
    {
        var preferred = Preferences.Of(http.Request);
        if (preferred.Wait is { } wait)
            await waits.ForEndAsync(delivery, wait, http.RequestAborted);
        var all = await deliveries.ListAsync(taskId, http.RequestAborted);
        if (all is null || CallbackResponses.Of(taskId, all).Items.FirstOrDefault(d => d.Id == delivery) is not { } sent)
            return new ProblemResult(CallbackProblems.UnknownCallback(taskId, delivery));
        var status = sent.State is { } state && state.IsFinal() ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        http.Response.Headers.Location = $"/v1/tasks/{taskId}/callbacks";
        preferred.Apply(http.Response, status);
        return CallbackResponses.Answer(http.Response, sent, status);
    }
}
