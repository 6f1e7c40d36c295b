using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Events;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/events?tag=&amp;kind=&amp;queue=</c>: what happens to all tasks that match, as server-sent events, from now on or from behind
/// <c>Last-Event-ID</c> on. Of each task everything, in its order; of different tasks in no particular order. Never ends by itself.
/// </summary>
internal static class StreamEvents
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/events", HandleAsync).Needs(ApiScopes.Read).TakesStreamToken()
        .Describe("streamEvents", ApiTags.Events, "Follow many tasks", o => o
            .Says("From now, or from behind `Last-Event-ID` on. Of each task everything, in its order; of different tasks in no particular order. Never ends by itself.")
            .Query("tag", Shape.Text, "Only tasks with this tag.")
            .Query("kind", Shape.Text, "Only tasks of this kind.")
            .Query("queue", Shape.Text, "Only tasks of this queue.")
            .Streams(
                new Shape("""{"type":"string","contentMediaType":"text/event-stream"}""", typeof(TaskResponse), typeof(StreamGap)),
                "Events `task.<state>` and `task.progress`, and `stream.gap` at the beginning if something may be missing."));

    private static async Task<Results<EmptyHttpResult, ProblemResult>> HandleAsync(
        HttpContext http, EventFeed feed, OpenStreams streams, IOptions<EventOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        var query = new QueryReader(http.Request.Query, "tag", "kind", "queue", EventIds.Parameter);
        var filter = new WideFilter(
            query.Text("tag", Names.IsTag, Names.TagRule),
            query.Text("kind", Names.IsKind, Names.KindRule),
            query.Text("queue", Names.IsQueue, Names.QueueRule));
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        if (!EventIds.TryRead<WideCursor>(http.Request, WideCursor.TryParse, out var from, out var notAnEvent))
            return new ProblemResult(notAnEvent!);
        using var place = streams.TryOpen(wide: true, http.Key(), out var full);
        if (place is null)
            return new ProblemResult(full!);

        using var reader = feed.Join(filter, from);
        using var stream = EventStream.Begin(http, options.Value, time, lifetime.ApplicationStopping, place.KeyEnded);
        await stream.RunAsync(() => WriteAsync(stream, reader));
        return TypedResults.Empty;
    }

    private static async Task WriteAsync(EventStream stream, WideReader reader)
    {
        // Whoever loses the connection before the first event comes back to here.
        stream.Keep(reader.Begin.IdOf(null));
        if (reader.GapUntil is { } until)
            stream.Add(null, "stream.gap", JsonSerializer.SerializeToUtf8Bytes(new StreamGap(until), HttpJson.Options));
        await stream.FlushAsync();
        while (true)
        {
            var news = await stream.WhenAsync(reader.NextAsync(stream.End), () => reader.Idle()?.IdOf(null));
            foreach (var e in news.Events)
                stream.Add(e.Cursor.IdOf(e.Event), e.Event.Name, TaskResponses.Of(e.Event.Task));
            if (news.IsTooSlow)
            {
                await stream.EndAsync("this reader is too slow, reconnect with the last id");
                return;
            }

            if (news.Events.Count > 0)
                await stream.FlushAsync();
        }
    }
}
