using System.Net;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support.Web;

namespace Messaging.Tests.Integration.Events;

/// <summary>Opens event streams of a producer.</summary>
internal static class Streams
{
    /// <summary>Asks for a stream; answers as soon as the headers are there.</summary>
    public static async Task<HttpResponseMessage> AskAsync(this ProducerHarness producer, string path, string? lastEventId = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return await producer.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Opens a stream; it must be one.</summary>
    public static async Task<EventStreamReader> OpenAsync(this ProducerHarness producer, string path, string? lastEventId = null, CancellationToken cancellationToken = default)
    {
        var answer = await producer.AskAsync(path, lastEventId, cancellationToken);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), answer.StatusCode == HttpStatusCode.OK ? "" : await answer.Content.ReadAsStringAsync(cancellationToken));
        Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/event-stream"));
        return new EventStreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken), lastEventId ?? "");
    }

    public static Task<EventStreamReader> OpenTaskAsync(this ProducerHarness producer, Guid id, string? lastEventId = null, CancellationToken cancellationToken = default) =>
        producer.OpenAsync($"/v1/tasks/{id}/events", lastEventId, cancellationToken);

    /// <summary>Reads that many events.</summary>
    public static async Task<IReadOnlyList<ReceivedEvent>> TakeAsync(this EventStreamReader reader, int count, CancellationToken cancellationToken)
    {
        var events = new List<ReceivedEvent>();
        while (events.Count < count)
            events.Add(await reader.NextAsync(cancellationToken) ?? throw new EndOfStreamException($"The stream ended after {events.Count} of {count} events."));
        return events;
    }
}
