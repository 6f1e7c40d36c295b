using Messaging.Contracts.Http;
using Messaging.Infrastructure.Events;
using Messaging.Infrastructure.Store.Events;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/tasks/{id}/events</c>: what happens to a task, as server-sent events, from its acceptance or from behind <c>Last-Event-ID</c> on.
/// Ends after the final state; 204 to who has had that. 503 if too many streams are open.
/// </summary>
internal static class StreamTaskEvents
{
    private static readonly TimeSpan LedgerPatience = TimeSpan.FromSeconds(3);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tasks/{id}/events", HandleAsync).Needs(ApiScopes.Read).TakesStreamToken()
        .Describe("streamTaskEvents", ApiTags.Events, "Follow a task", o => o
            .Says("From its acceptance, or from behind `Last-Event-ID` on; nothing is lost on a reconnect. Ends after the final state.")
            .OfTask()
            .Streams(new Shape("""{"type":"string","contentMediaType":"text/event-stream"}""", typeof(TaskResponse)), "Events `task.<state>` and `task.progress`; the data of each is the task as it was, without its input.")
            .Gives(204, "There is nothing behind that event: the task has ended. An `EventSource` stops for good.", null));

    private static async Task<Results<NoContent, EmptyHttpResult, ProblemResult>> HandleAsync(
        string id, HttpContext http, TaskFollower follower, OpenStreams streams, IOptions<EventOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query, EventIds.Parameter).Problem is { } unknown)
            return new ProblemResult(unknown);
        if (!EventIds.TryRead<EventPosition>(http.Request, EventPosition.TryParse, out var from, out var notAnEvent))
            return new ProblemResult(notAnEvent!);
        using var place = streams.TryOpen(wide: false, http.Key(), out var full);
        if (place is null)
            return new ProblemResult(full!);

        using var following = follower.Follow(taskId, from ?? EventPosition.Start);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping, place.KeyEnded);
        var first = following.NextAsync(either.Token);
        try
        {
            switch (await first.WaitAsync(LedgerPatience, time))
            {
                case null:
                    return new ProblemResult(Problems.UnknownTask(taskId));
                case { IsOver: true, Events.Count: 0 }:
                    return TypedResults.NoContent();
            }
        }
        catch (TimeoutException) when (from is null)
        {
            return new ProblemResult(Problems.LedgerUnavailable());
        }
        catch (TimeoutException)
        {
            // It has been here before: it waits for the ledger with an open stream, since an EventSource would take a 503 for the end.
        }
        catch (OperationCanceledException)
        {
            http.Abort(); // a cut connection makes it reconnect, an error would not
            return TypedResults.Empty;
        }

        using var stream = EventStream.Begin(http, options.Value, time, lifetime.ApplicationStopping, place.KeyEnded);
        await stream.RunAsync(() => WriteAsync(stream, following, first));
        return TypedResults.Empty;
    }

    private static async Task WriteAsync(EventStream stream, TaskFollowing following, Task<TaskNews?> next)
    {
        while (await stream.WhenAsync(next) is { } news)
        {
            foreach (var e in news.Events)
                stream.Add(e.Position.ToString(), e.Name, TaskResponses.Of(e.Task));
            await stream.FlushAsync();
            if (news.IsOver)
                return;
            next = following.NextAsync(stream.End);
        }
    }
}
