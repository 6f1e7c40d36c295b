using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using Messaging.Tests.Support.Web;

namespace Messaging.Tests.EndToEnd.Events;

/// <summary>Event streams of real processes that die and come back.</summary>
[CancelAfter(180_000)]
public sealed class EventStreamTests
{
    [Test]
    public async Task Producers_that_die_and_stop_in_the_middle_of_1_000_reports_leave_no_gap(CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        var task = await system.SubmitAsync("debug.echo", new { message = "long", wait = "PT30S", progressSteps = 1000 });
        var path = $"v1/tasks/{task["id"]}/events";
        var address = system.Producer.Address;
        await using var client = new EventSourceClient(() => new Uri(address, path));
        var events = new List<ReceivedEvent>();
        await TakeAsync(client, events, 250, cancellationToken);

        // Killed, and started again where it was.
        await system.Producer.KillAsync();
        await using var second = ProducerProcess.Launch(system.Connections, address.Port);
        await second.WaitUntilReadyAsync(cancellationToken);
        await TakeAsync(client, events, 550, cancellationToken);

        // Told to stop, while another one takes over somewhere else.
        await using var third = await ProducerProcess.StartAsync(system.Connections, cancellationToken: cancellationToken);
        address = third.Address;
        Assert.That(await second.StopAsync(cancellationToken), Is.True, second.Process.LastLines());
        while (events[^1].Name != "task.succeeded")
            events.Add(await client.NextAsync(cancellationToken));

        Assert.That(await client.Closed.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken), Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(client.Connections, Is.GreaterThanOrEqualTo(3));
        Assert.That(events.Select(e => e.Name).Where(name => name != "task.progress"), Is.EqualTo(["task.queued", "task.running", "task.succeeded"]));
        var numbers = events.Where(e => e.Name == "task.progress").Select(e => long.Parse(e.Id.Split('-')[0], System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        await TestContext.Out.WriteLineAsync($"{numbers.Length} reports over {client.Connections} connections");
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(0, numbers.Length).Select(i => numbers[0] + i)), "each once, in order, without a gap");
        Assert.That(await system.CountAsync("task_events"), Is.EqualTo(numbers.Length));
        Assert.That(numbers, Has.Length.GreaterThan(800), "a busy machine may write two at once");
        Assert.That((double?)events[^2].Json["progress"]!["percent"], Is.EqualTo(100), "the last one came before the end");
        Assert.That((string?)events[^1].Json["result"]!["message"], Is.EqualTo("long"));
    }

    [Test]
    public async Task While_RabbitMQ_is_away_streams_read_the_ledger_and_go_on(CancellationToken cancellationToken)
    {
        await using var rabbitMq = new RabbitMqServer();
        await rabbitMq.StartAsync(cancellationToken);
        await using var system = await RunningSystem.StartAsync(consumers: 1, rabbitMq: rabbitMq.Uri);
        var task = await system.SubmitAsync("debug.echo", new { message = "on", wait = "PT15S", progressSteps = 150 }, new { tags = new[] { "watched" } });
        await using var client = new EventSourceClient(() => new Uri(system.Producer.Address, $"v1/tasks/{task["id"]}/events"));
        await using var wide = new EventSourceClient(() => new Uri(system.Producer.Address, "v1/events?tag=watched"));
        var events = new List<ReceivedEvent>();
        await TakeAsync(client, events, 20, cancellationToken);

        await rabbitMq.StopAsync(cancellationToken: cancellationToken);
        var away = Stopwatch.StartNew();
        await TakeAsync(client, events, 60, cancellationToken);
        await TestContext.Out.WriteLineAsync($"40 reports, one in 0.1 s, within {away.Elapsed.TotalSeconds:0.0} s of RabbitMQ's end");
        while (events[^1].Name != "task.succeeded")
            events.Add(await client.NextAsync(cancellationToken));
        ReceivedEvent last;
        do
            last = await wide.NextAsync(cancellationToken);
        while (last.Name != "task.succeeded");
        await rabbitMq.StartAsync(cancellationToken);

        Assert.That(events.Count(e => e.Name == "task.progress"), Is.EqualTo(await system.CountAsync("task_events")));
        Assert.That(client.Connections, Is.EqualTo(1));
    }

    [Test]
    public async Task Of_a_thousand_tasks_a_wide_stream_misses_none_although_its_producer_dies(CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartAsync(consumers: 2, new() { Concurrency = 20 });
        var address = system.Producer.Address;
        await using var other = await ProducerProcess.StartAsync(system.Connections, cancellationToken: cancellationToken);
        await using var client = new EventSourceClient(() => new Uri(address, "v1/events?tag=many"));
        await client.Opened.WaitAsync(cancellationToken);
        await system.SubmitEchoesAsync(1_000, wait: "PT0.2S", input: ",\"failTimes\":0", more: ",\"tags\":[\"many\"]");
        var ended = new Dictionary<string, List<string>>();
        await UntilEndedAsync(client, ended, 300, cancellationToken);

        address = other.Address;
        await system.Producer.KillAsync();
        await UntilEndedAsync(client, ended, 1_000, cancellationToken);

        Assert.That(client.Connections, Is.GreaterThanOrEqualTo(2));
        var incomplete = ended.Values.Where(names => !names.Distinct().SequenceEqual(["task.queued", "task.running", "task.succeeded"])).ToArray();
        Assert.That(incomplete.Select(names => string.Join(' ', names)).Take(3), Is.Empty);
    }

    private static async Task UntilEndedAsync(EventSourceClient client, Dictionary<string, List<string>> seen, int count, CancellationToken cancellationToken)
    {
        while (seen.Values.Count(names => names[^1] == "task.succeeded") < count)
        {
            var next = await client.NextAsync(cancellationToken);
            var id = (string)JsonNode.Parse(next.Data)!["id"]!;
            if (!seen.TryGetValue(id, out var names))
                seen[id] = names = [];
            if (!names.Contains(next.Name)) // after a reconnect some come twice
                names.Add(next.Name);
        }
    }

    private static async Task TakeAsync(EventSourceClient client, List<ReceivedEvent> events, int count, CancellationToken cancellationToken)
    {
        while (events.Count < count)
            events.Add(await client.NextAsync(cancellationToken));
    }
}
