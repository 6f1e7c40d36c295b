using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Callbacks;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Http;

/// <summary>Answers with what an action on endpoints and callbacks was about, as it is now.</summary>
internal static class CallbackAnswers
{
    /// <summary>200 with an endpoint; 404 if there is none, or none any more.</summary>
    /// <param name="http">The request.</param>
    /// <param name="name">What tasks call it by.</param>
    /// <param name="answer">What came of the action.</param>
    /// <param name="endpoints">Reads it.</param>
    /// <param name="secret">Its new secret, if it got one.</param>
    public static async Task<Results<JsonHttpResult<CallbackEndpointResponse>, ProblemResult>> AnswerAsync(
        HttpContext http, string name, EndpointAnswer answer, EndpointStore endpoints, byte[]? secret = null) =>
        answer == EndpointAnswer.Done && await endpoints.FindAsync(name, http.RequestAborted) is { } found
            ? CallbackResponses.Answer(http.Response, CallbackResponses.Of(found, secret))
            : new ProblemResult(CallbackProblems.UnknownEndpoint(name, StatusCodes.Status404NotFound));

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
            await waits.ForEndAsync(http, delivery, wait); // it is on its way, whoever may see how that goes on
        var all = await deliveries.ListAsync(taskId, http.RequestAborted);
        if (all is null || CallbackResponses.Of(taskId, all).Items.FirstOrDefault(d => d.Id == delivery) is not { } sent)
            return new ProblemResult(CallbackProblems.UnknownCallback(taskId, delivery));
        var status = sent.State is { } state && state.IsFinal() ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        http.Response.Headers.Location = $"/v1/tasks/{taskId}/callbacks";
        preferred.Apply(http.Response, status);
        return CallbackResponses.Answer(http.Response, sent, status);
    }
}
