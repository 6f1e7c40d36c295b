using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Microsoft.Extensions.Logging;

namespace Messaging.Contracts.Client.Http;

/// <summary>
/// Reads the event stream of a task (server-sent events, WHATWG HTML section 9.2) to its end, over as many connections as it takes: each goes on
/// behind the last event that was read.
/// </summary>
internal sealed class EventReader(ProducerConnection producers, MessagingClientOptions options, TimeProvider time, ILogger? log)
{
    private const string MediaType = "text/event-stream";
    private const string Prefix = "task.";

    /// <summary>Producers say something every 15 s, or 45 at most (Messaging:Events:Heartbeat); who is silent for longer than this is gone.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestReconnect = TimeSpan.FromSeconds(5);

    /// <summary>Reads the events of a task.</summary>
    public async IAsyncEnumerable<TaskEvent> ReadAsync(Guid id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pace = new RetryPace(options.OutageLimit, time);
        string? last = null;
        while (true)
        {
            var producer = producers.Current;
            using var response = await producers.OpenAsync(AskFor(id, last), pace, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NoContent)
                yield break;
            var type = response.Content.Headers.ContentType?.MediaType;
            if (!MediaType.Equals(type, StringComparison.OrdinalIgnoreCase))
            {
                await RetryAsync(new IOException($"What answers is no event stream but '{type}': it does not seem to be a Producer."), producer, pace, cancellationToken);
                continue;
            }

            var opened = time.GetTimestamp();
            var heard = new QuietStream(await response.Content.ReadAsStreamAsync(cancellationToken), LongestSilence, time);
            var parser = SseParser.Create(heard, Parse);
            await using var events = parser.EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            Exception? broken = null;
            var hadEvents = false;
            while (true)
            {
                try
                {
                    if (!await events.MoveNextAsync())
                        break;
                }
                catch (Exception e) when (Trouble.IsOutage(e))
                {
                    broken = e;
                    break;
                }

                pace.Reset();
                hadEvents = true;
                var item = events.Current;
                last = item.EventId ?? last;
                if (item.Data is not { } task)
                    continue; // of a sort that this version does not know
                yield return new TaskEvent(item.EventType, task);
                if (item.EventType != TaskEvent.Progress && task.State.IsFinal())
                    yield break;
            }

            // A quiet task has no events for hours, but its Producer says something now and then: who fell silent was there until then.
            var until = broken is TimeoutException ? heard.LastHeard : time.GetTimestamp();
            var lasted = heard.LastHeard != 0 && time.GetElapsedTime(opened, until) > LongestReconnect;
            if (lasted)
                pace.Reset(); // it was no outage until now
            if (broken is null && !lasted && !hadEvents)
                broken = new IOException("The event stream ended before it said anything.");
            if (broken is not null)
                await RetryAsync(broken, producer, pace, cancellationToken);
            else
                await ReconnectAsync(id, parser.ReconnectionInterval, cancellationToken);
        }
    }

    private static Ask AskFor(Guid id, string? last) => new(HttpMethod.Get, $"v1/tasks/{id}/events")
    {
        Headers = last is null ? [("Accept", MediaType)] : [("Accept", MediaType), ("Last-Event-ID", last)],
        IsStream = true,
    };

    private static TaskResponse? Parse(string name, ReadOnlySpan<byte> data)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        try
        {
            return JsonSerializer.Deserialize<TaskResponse>(data, HttpJson.Options);
        }
        catch (JsonException e)
        {
            throw new MessagingClientException($"The event '{name}' can't be read: {e.Message}", e);
        }
    }

    /// <summary>Pauses after a try that has brought nothing.</summary>
    /// <exception cref="ProducerUnavailableException">There were enough of them.</exception>
    private async Task RetryAsync(Exception broken, int producer, RetryPace pace, CancellationToken cancellationToken)
    {
        var trouble = new Trouble(null, broken);
        if (!await producers.PauseAsync(trouble, producer, pace, cancellationToken))
            throw trouble.ToException(pace.Tries, null);
    }

    /// <summary>A stream that ended in good order is its Producer's wish to go elsewhere, in the time that it said.</summary>
    private async Task ReconnectAsync(Guid id, TimeSpan interval, CancellationToken cancellationToken)
    {
        var pause = interval <= TimeSpan.Zero || interval > LongestReconnect ? TimeSpan.FromSeconds(1) : interval;
        log?.Reconnecting(id, pause.TotalSeconds);
        await Task.Delay(pause, time, cancellationToken);
    }
}
