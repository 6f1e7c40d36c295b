using System.Diagnostics;
using System.Net;
using Messaging.Tests.Support.Web;

namespace Messaging.Tests.EndToEnd.Events;

/// <summary>As many streams on one producer as the service promises.</summary>
[Category("Alone")]
[NonParallelizable]
[CancelAfter(240_000)]
public sealed class ManyStreamsTests
{
    private const int Count = 5_000;

    [Test]
    public async Task Five_thousand_open_streams_each_get_the_whole_life_of_their_task(CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1, new() { Concurrency = 200 });
        var ids = await system.SubmitManyAsync("debug.echo", Enumerable.Repeat<object>(new { message = "m", wait = "PT0.1S", progressSteps = 2 }, Count), ",\"delay\":\"PT1H\"");
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = Count + 10 };
        using var http = new HttpClient(handler) { BaseAddress = system.Producer.Address, Timeout = Timeout.InfiniteTimeSpan };
        var watch = Stopwatch.StartNew();
        var streams = new List<EventStreamReader>(Count);
        foreach (var some in ids.Chunk(50))
            streams.AddRange(await Task.WhenAll(some.Select(id => OpenAsync(http, id, cancellationToken))));
        var first = await Task.WhenAll(streams.Select(s => s.NextAsync(cancellationToken)));
        await TestContext.Out.WriteLineAsync($"{Count} streams open after {watch.Elapsed.TotalSeconds:0.0} s; the producer has {Megabytes(system)} MiB");
        Assert.That(first.Select(e => e!.Name).Distinct(), Is.EqualTo(["task.scheduled"]));
        using (var anything = await http.GetAsync(new Uri("v1/kinds", UriKind.Relative), cancellationToken))
            Assert.That(anything.StatusCode, Is.EqualTo(HttpStatusCode.OK));

        watch.Restart();
        await system.ScalarAsync("UPDATE messaging.open_tasks SET due_at = now() WHERE state = 0");
        var rest = await Task.WhenAll(streams.Select(s => s.RestAsync(cancellationToken)));
        await TestContext.Out.WriteLineAsync($"all ended after {watch.Elapsed.TotalSeconds:0.0} s; the producer has {Megabytes(system)} MiB");

        Assert.That(rest.Count(events => events[^1].Name == "task.succeeded"), Is.EqualTo(Count));
        Assert.That(rest.Count(events => events.Any(e => e.Name == "task.running")), Is.EqualTo(Count));
        Assert.That(rest.Sum(events => events.Count(e => e.Name == "task.progress")), Is.EqualTo(await system.CountAsync("task_events")));
        streams.ForEach(s => s.Dispose());
    }

    private static async Task<EventStreamReader> OpenAsync(HttpClient http, string id, CancellationToken cancellationToken)
    {
        var answer = await http.GetAsync(new Uri($"v1/tasks/{id}/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return new EventStreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
    }

    private static long Megabytes(RunningSystem system)
    {
        using var process = Process.GetProcessById(system.Producer.Process.Id);
        return process.WorkingSet64 / 1024 / 1024;
    }
}
