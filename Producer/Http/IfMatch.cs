using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Read;

namespace Messaging.Producer.Http;

/// <summary>
/// <c>If-Match</c> in front of actions on one task (RFC 9110, section 13.1.1): 412, and nothing is done, if the task is not what its caller has seen.
/// Looked at just before the action, which is itself decided by the task's state: what changes in between is refused there, or did not matter.
/// </summary>
internal static class IfMatch
{
    /// <summary>Puts it in front of a route with <c>{id}</c>.</summary>
    public static RouteHandlerBuilder HeedsIfMatch(this RouteHandlerBuilder route) => route.AddEndpointFilter(async (context, next) =>
        await IsAnotherAsync(context.HttpContext)
            ? new ProblemResult(Problems.OfStatus(StatusCodes.Status412PreconditionFailed))
            : await next(context));

    private static async ValueTask<bool> IsAnotherAsync(HttpContext http)
    {
        if (http.Request.Headers.IfMatch.Count == 0 || !TaskIds.TryParse((string)http.Request.RouteValues["id"]!, out var id, out _))
            return false;
        var tasks = http.RequestServices.GetRequiredService<TaskReader>();
        // Whoever asks for one that is not there is told so by the action.
        return await tasks.FindAsync(id, http.RequestAborted) is { } task
            && !EntityResult.IsExpected(http.Request, EntityResult.TagOf(JsonSerializer.SerializeToUtf8Bytes(TaskResponses.Of(task), HttpJson.Options)));
    }
}
