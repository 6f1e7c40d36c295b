using System.Net;
using System.Text.Json;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>The worker as it is delivered: a process of its own, a real broker, signals.</summary>
[CancelAfter(180_000)]
public sealed class WorkerProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task At_SIGTERM_running_tasks_end_and_the_process_leaves_nothing_in_its_name(CancellationToken cancellationToken)
    {
        await using var ledger = await TestLedger.CreateAsync();
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        await using var worker = await ConsumerProcess.StartAsync(
            new ProcessConnections(ledger.ConnectionString, broker.Uri), new ConsumerProcessOptions { Concurrency = 2 }, cancellationToken: cancellationToken);
        await SubmitEchoesAsync(ledger, 5, TimeSpan.FromSeconds(3));
        await Eventually.GetAsync(_ => ledger.CountAsync("open_tasks WHERE state = 3"), running => running == 2, Limit, cancellationToken);

        var stopped = await worker.StopAsync(cancellationToken);

        Assert.That(stopped, Is.True);
        Assert.That(await worker.Process.Exit, Is.Zero, worker.Process.LastLines());
        Assert.That(await ledger.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(2));
        Assert.That(await ledger.CountAsync("open_tasks WHERE state = 2 AND attempt = 0"), Is.EqualTo(3));
        Assert.That(await ledger.CountAsync("attempts"), Is.Zero);
        Assert.That(await ledger.CountAsync("workers"), Is.Zero);
    }

    [Test]
    public async Task What_one_worker_hands_back_at_its_end_another_runs(CancellationToken cancellationToken)
    {
        await using var ledger = await TestLedger.CreateAsync();
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        var connections = new ProcessConnections(ledger.ConnectionString, broker.Uri);
        await using var first = await ConsumerProcess.StartAsync(
            connections,
            new ConsumerProcessOptions { Concurrency = 2 },
            new Dictionary<string, string?> { ["Messaging__Worker__DrainTimeout"] = "00:00:00" },
            cancellationToken);
        await SubmitEchoesAsync(ledger, 4, TimeSpan.FromSeconds(5));
        await Eventually.GetAsync(_ => ledger.CountAsync("open_tasks WHERE state = 3"), running => running == 2, Limit, cancellationToken);

        await first.StopAsync(cancellationToken);
        await using var second = await ConsumerProcess.StartAsync(connections, cancellationToken: cancellationToken);
        await Eventually.GetAsync(_ => ledger.CountAsync("outcomes WHERE state = 4"), ended => ended == 4, Limit, cancellationToken);

        Assert.That(await ledger.CountAsync("outcomes WHERE attempt = 1"), Is.EqualTo(4));
        Assert.That(await ledger.CountAsync("attempts"), Is.Zero);
    }

    [Test]
    public async Task A_second_signal_does_not_wait_and_a_stopping_worker_is_not_ready(CancellationToken cancellationToken)
    {
        await using var ledger = await TestLedger.CreateAsync();
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        await using var worker = await ConsumerProcess.StartAsync(
            new ProcessConnections(ledger.ConnectionString, broker.Uri),
            environment: new Dictionary<string, string?> { ["Messaging__Worker__DrainTimeout"] = "00:10:00" },
            cancellationToken: cancellationToken);
        await SubmitEchoesAsync(ledger, 1, TimeSpan.FromMinutes(5));
        await Eventually.GetAsync(_ => ledger.CountAsync("open_tasks WHERE state = 3"), running => running == 1, Limit, cancellationToken);

        worker.Process.Signal(UnixSignal.Terminate);
        await worker.Process.WaitForLineAsync(line => line.Contains("nothing more starts", StringComparison.Ordinal), Limit, cancellationToken);
        using var ready = await worker.Http.GetAsync(new Uri("health/ready", UriKind.Relative), cancellationToken);
        using var live = await worker.Http.GetAsync(new Uri("health/live", UriKind.Relative), cancellationToken);
        // One signal may come twice, from the terminal and from a parent; so the second counts from a second on. The process that was told may be gone before its line is read.
        await Eventually.TrueAsync(
            () =>
            {
                worker.Process.Signal(UnixSignal.Terminate);
                return worker.Process.Lines.Any(line => line.Contains("second time", StringComparison.Ordinal));
            },
            Limit,
            cancellationToken);
        var exit = await worker.Process.Exit.WaitAsync(cancellationToken);

        Assert.That((ready.StatusCode, live.StatusCode), Is.EqualTo((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK)));
        Assert.That(exit, Is.Zero);
        Assert.That(await ledger.CountAsync("open_tasks WHERE state = 2 AND attempt = 0"), Is.EqualTo(1));
    }

    [Test]
    public async Task Settings_out_of_bounds_are_one_clear_line_each(CancellationToken cancellationToken)
    {
        await using var worker = ConsumerProcess.Launch(
            new ProcessConnections("Host=127.0.0.1", new Uri("amqp://127.0.0.1")), new ConsumerProcessOptions { Concurrency = 0, Queues = ["Not A Queue"] });

        var exit = await worker.Process.Exit.WaitAsync(Limit, cancellationToken);

        Assert.That(exit, Is.EqualTo(2));
        Assert.That(worker.Process.Lines, Has.Count.EqualTo(2), worker.Process.LastLines());
        Assert.That(worker.Process.Lines, Has.Some.Contains("Messaging:Worker:Concurrency is '0'; it must be from 1 to 100000."));
        Assert.That(worker.Process.Lines, Has.Some.Contains("Messaging:Worker:Queues names 'Not A Queue'"));
    }

    [Test]
    public async Task A_worker_that_still_waits_for_its_ledger_stops_at_once_without_a_word(CancellationToken cancellationToken)
    {
        await using var worker = ConsumerProcess.Launch(
            new ProcessConnections("Host=127.0.0.1;Port=1;Database=none;Username=nobody", new Uri("amqp://127.0.0.1:1")));
        await worker.Process.WaitForLineAsync(line => line.Contains("The ledger is not there yet", StringComparison.Ordinal), Limit, cancellationToken);

        var stopped = await worker.StopAsync(cancellationToken);

        Assert.That(stopped, Is.True);
        Assert.That(await worker.Process.Exit, Is.Zero);
        Assert.That(worker.Process.Lines, Has.All.Contains("The ledger is not there yet"));
    }

    private static async Task SubmitEchoesAsync(TestLedger ledger, int count, TimeSpan wait) => await Task.WhenAll(Enumerable.Range(0, count).Select(n =>
        ledger.Submit.SubmitAsync(
            ledger.NewTask(JsonSerializer.Serialize(new DebugEcho($"{n}", wait), MessagingJson.Payload)) with { Timeout = TimeSpan.FromMinutes(10) },
            CancellationToken.None).AsTask()));
}
