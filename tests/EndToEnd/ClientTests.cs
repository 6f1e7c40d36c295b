using Messaging.Contracts.Client;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>The C# client with real processes, of which the producer dies while the client waits.</summary>
public sealed class ClientTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [TestCase(8, TestName = "A wait by long poll survives the producer that it was asked of")]
    [TestCase(0, TestName = "A wait that shares its requests survives the producer that it was asked of")]
    public async Task A_wait_survives_its_producer(int longPolls)
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 1, new() { Project = ConsumerProcessOptions.TestWorker });
        using var client = Of(system.Producer, options => options.LongPolls = longPolls);
        var handle = await client.SubmitAsync(new Hold(Until: folder.File("go"), Trail: folder.Trail));
        var waiting = handle.ResultAsync();
        await Eventually.TrueAsync(() => folder.Lines("started").Length == 1, Limit);

        await system.Producer.KillAsync();
        folder.Touch("go");
        await system.DrainedAsync(Limit); // it ended while nobody could tell
        Assert.That(waiting.IsCompleted, Is.False);
        await using var again = ProducerProcess.Launch(system.Connections, system.Producer.Address.Port);

        Assert.That(await waiting.WaitAsync(Limit), Is.EqualTo("held"));
    }

    [Test]
    public async Task Progress_goes_on_at_another_producer_and_loses_and_repeats_nothing()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var other = await ProducerProcess.StartAsync(system.Connections);
        using var client = Of(system.Producer, options => options.OtherAddresses.Add(other.Address));
        var handle = await client.SubmitAsync(new DebugEcho("steps", TimeSpan.FromSeconds(6), ProgressSteps: 30));
        var waiting = handle.ResultAsync();

        var seen = new List<TaskProgress>();
        await foreach (var progress in handle.Progress)
        {
            seen.Add(progress);
            if (seen.Count == 5)
                await system.Producer.KillAsync();
        }

        Assert.That(seen.Select(p => p.Message), Is.EqualTo(Enumerable.Range(1, 30).Select(step => $"step {step} of 30")));
        Assert.That(await waiting.WaitAsync(Limit), Is.EqualTo(new DebugEchoResult("steps", 1)));
    }

    [Test]
    public async Task A_producer_that_stops_in_good_order_sends_its_clients_elsewhere()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 1, new() { Project = ConsumerProcessOptions.TestWorker });
        await using var other = await ProducerProcess.StartAsync(system.Connections);
        using var client = Of(system.Producer, options => options.OtherAddresses.Add(other.Address));
        var handle = await client.SubmitAsync(new Hold(Until: folder.File("go"), Trail: folder.Trail));
        var waiting = handle.ResultAsync();
        var events = handle.Events.Select(e => e.Name).ToListAsync().AsTask();
        await Eventually.TrueAsync(() => folder.Lines("started").Length == 1, Limit);

        Assert.That(await system.Producer.StopAsync(), Is.True);
        folder.Touch("go");

        Assert.That(await waiting.WaitAsync(Limit), Is.EqualTo("held"));
        Assert.That(await events.WaitAsync(Limit), Is.EqualTo(new[] { "task.queued", "task.running", "task.succeeded" }));
    }

    [Test]
    public async Task A_thousand_results_are_awaited_at_once()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        using var client = Of(system.Producer);

        var handles = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => client.SubmitAsync(new DebugEcho($"{i}", TimeSpan.FromSeconds(1)))));
        var results = await Task.WhenAll(handles.Select(async handle => await handle)).WaitAsync(Limit);

        Assert.That(results.Select(result => result.Message), Is.EqualTo(Enumerable.Range(0, 1_000).Select(i => $"{i}")));
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(1_000));
    }

    [Test]
    public async Task Large_inputs_and_results_come_and_go_as_small_ones_do_and_failures_have_the_stack()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        using var client = Of(system.Producer);
        var message = new string('m', 3 * 1024 * 1024);

        var large = await client.RunAsync(new DebugEcho(message)).WaitAsync(Limit);
        var failing = await client.SubmitAsync(new DebugEcho("no", FailTimes: 100), new SubmitOptions { MaxAttempts = 1 });
        var cancelled = await client.SubmitAsync(new DebugEcho("never", TimeSpan.FromMinutes(10)));
        await cancelled.Events.FirstAsync(e => e.Task.State == TaskState.Running).AsTask().WaitAsync(Limit);
        var late = await client.SubmitAsync(new DebugEcho("late"), new SubmitOptions { Queue = "nobody-listens", Deadline = (await cancelled.GetAsync()).CreatedAt.AddSeconds(4) });

        Assert.That(large.Message, Is.EqualTo(message));
        var failed = Assert.ThrowsAsync<TaskFailedException>(async () => await failing.ResultAsync().WaitAsync(Limit))!;
        Assert.That(failed.Failure.Message, Does.Contain("Attempt 1 fails"));
        Assert.That(failed.Failure.Details!.Value.GetProperty("stack").GetString(), Does.Contain("DebugEchoHandler"));
        Assert.That(await cancelled.CancelAsync("enough"), Is.True);
        Assert.That(async () => await cancelled.ResultAsync().WaitAsync(Limit), Throws.InstanceOf<TaskCalledOffException>());
        var expired = Assert.ThrowsAsync<TaskFailedException>(async () => await late.ResultAsync().WaitAsync(Limit))!;
        Assert.That((expired.State, expired.Failure.Code), Is.EqualTo((TaskState.Expired, FailureCodes.DeadlinePassed)));
    }

    private static HttpTaskClient Of(ProducerProcess producer, Action<MessagingClientOptions>? configure = null)
    {
        var options = new MessagingClientOptions { BaseAddress = producer.Address };
        configure?.Invoke(options);
        return new HttpTaskClient(options);
    }

    /// <summary>The caller's own record of the test worker's <c>test.hold</c>.</summary>
    [TaskKind("test.hold")]
    private sealed record Hold(string? Until = null, string? Trail = null) : ITaskInput<string>;
}
