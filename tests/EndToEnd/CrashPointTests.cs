using System.Net.Http.Json;
using Messaging.Infrastructure.Faults;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>One test per point where a process may die: it does so there, really, and the task's ledger is right afterwards.</summary>
[Category("MostlyWaits")]
public sealed class CrashPointTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly ConsumerProcessOptions Worker = new() { Project = ConsumerProcessOptions.TestWorker };

    // A copy that is dropped at the claim is no trouble, so it is only said at Debug.
    private static readonly Dictionary<string, string?> Talkative = new() { ["Logging__LogLevel__Messaging"] = "Debug" };

    [Test]
    public async Task After_commit_before_hand_over()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker, producerEnvironment: DiesAt(FaultPoint.AfterCommit));
        Assert.That(
            async () => await system.Producer.Http.PostAsJsonAsync("v1/tasks", new { kind = "test.hold", input = new { @for = "PT0S", trail = folder.Trail } }),
            Throws.InstanceOf<HttpRequestException>());
        await system.Producer.Process.Exit.WaitAsync(Limit);
        Assert.That(await system.CountAsync("outbox WHERE owner IS NOT NULL"), Is.EqualTo(1), "in the hands of nobody");

        await AssertSucceededOnceAsync(system, tasks: 1);
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task After_confirm_before_settle()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 0, producerEnvironment: DiesAt(FaultPoint.AfterConfirm, express: false));
        var worker = await system.AddConsumerAsync(Worker, Talkative);
        // Whether the answer comes before the end is a matter of luck.
        await Task.WhenAny(
            system.Producer.Http.PostAsJsonAsync("v1/tasks", new { kind = "test.hold", input = new { until = folder.File("until"), trail = folder.Trail } }));
        await system.Producer.Process.Exit.WaitAsync(Limit);
        Assert.That(await system.CountAsync("outbox WHERE owner IS NOT NULL"), Is.EqualTo(1), "in the hands of nobody");

        // The row of the dead is swept, and its copy meets the first one.
        await WaitForDroppedCopyAsync(worker);
        folder.Touch("until");
        await AssertSucceededOnceAsync(system, tasks: 1);
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task After_express_before_settle()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker, producerEnvironment: DiesAt(FaultPoint.AfterExpress));
        // The first go by their queue: it takes a second or two until the worker has said that it hears, and the producer has read it. Whether an
        // answer comes before the end is a matter of luck, and so is whether the copy does.
        await Eventually.TrueAsync(
            async token =>
            {
                await Task.WhenAny(
                    system.Producer.Http.PostAsJsonAsync("v1/tasks", new { kind = "test.hold", input = new { @for = "PT0S", trail = folder.Trail } }, token));
                return system.Producer.Process.Exit.IsCompleted;
            },
            Limit);
        Assert.That(await system.CountAsync("outbox WHERE owner IS NOT NULL"), Is.GreaterThanOrEqualTo(1), "in the hands of nobody");

        var tasks = (int)await system.CountAsync("tasks");
        await AssertSucceededOnceAsync(system, tasks);
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(tasks));
    }

    [TestCase(FaultPoint.AfterClaim, 1, true)]
    [TestCase(FaultPoint.AfterClaim, 1, false)]
    [TestCase(FaultPoint.InHandler, 2, true)]
    [TestCase(FaultPoint.InHandler, 2, false)]
    [TestCase(FaultPoint.AfterHandler, 2, true)]
    [TestCase(FaultPoint.AfterHandler, 2, false)]
    public async Task Between_claim_and_finish(string point, int runs, bool express)
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 0, producerEnvironment: Express(express));
        var faulty = await system.AddConsumerAsync(Worker, DiesAt(point));
        if (express)
            await Eventually.TrueAsync(async _ => await system.CountAsync("workers WHERE express IS NOT NULL") == 1, Limit); // whether the producer has read it by then is a matter of luck
        await system.SubmitAsync("test.hold", new { @for = "PT0.01S", trail = folder.Trail });
        await faulty.Process.Exit.WaitAsync(Limit);
        Assert.That(await system.CountAsync("open_tasks WHERE state = 3 AND attempt = 1"), Is.EqualTo(1), "claimed by the dead");
        Assert.That(await system.CountAsync("outcomes"), Is.Zero);

        await system.AddConsumerAsync(Worker);
        await AssertSucceededOnceAsync(system, tasks: 1);
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(runs));
        Assert.That(await system.CountAsync("attempts WHERE outcome = 'worker-lost' AND attempt = 1"), Is.EqualTo(1));
        Assert.That(await system.CountAsync("attempts"), Is.EqualTo(1));
    }

    [Test]
    public async Task After_finish_before_ack()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 0, producerEnvironment: Express(false)); // an express copy has no acknowledgement
        var faulty = await system.AddConsumerAsync(Worker, DiesAt(FaultPoint.AfterFinish));
        await system.SubmitAsync("test.hold", new { @for = "PT0S", trail = folder.Trail });
        await faulty.Process.Exit.WaitAsync(Limit);
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(1), "it was committed");

        var healthy = await system.AddConsumerAsync(Worker, Talkative);
        await WaitForDroppedCopyAsync(healthy);
        await AssertSucceededOnceAsync(system, tasks: 1);
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(1));
        Assert.That(await system.CountAsync("attempts"), Is.Zero);
    }

    [Test]
    public async Task During_hand_back()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 0);
        var faulty = await system.AddConsumerAsync(Worker with { Concurrency = 1 }, DiesAt(FaultPoint.DuringHandBack));
        // The first has the only slot; the second can't start within two seconds.
        var first = await system.SubmitAsync("test.hold", new { until = folder.File("until"), trail = folder.Trail });
        await Eventually.TrueAsync(() => folder.Lines("started").Length == 1, Limit);
        var second = await system.SubmitAsync("test.hold", new { @for = "PT0S", trail = folder.Trail });
        await faulty.Process.Exit.WaitAsync(Limit);

        folder.Touch("until");
        var healthy = await system.AddConsumerAsync(Worker, Talkative);
        await WaitForDroppedCopyAsync(healthy); // the delivery and the outbox row: one of the two
        await AssertSucceededOnceAsync(system, tasks: 2);
        Assert.That(folder.Lines($"started {first["id"]}"), Has.Length.EqualTo(2));
        Assert.That(folder.Lines($"started {second["id"]}"), Has.Length.EqualTo(1));
        Assert.That(await system.CountAsync($"attempts WHERE task_id = '{first["id"]}' AND outcome = 'worker-lost'"), Is.EqualTo(1));
        Assert.That(await system.CountAsync("attempts"), Is.EqualTo(1));
    }

    private static Dictionary<string, string?> DiesAt(string point, bool express = true) => new(Express(express)) { ["MESSAGING_FAULT"] = point };

    private static Dictionary<string, string?> Express(bool on) => new() { ["Messaging__Relay__Express"] = on ? "true" : "false" };

    private static Task<string> WaitForDroppedCopyAsync(ConsumerProcess worker) =>
        worker.Process.WaitForLineAsync(line => line.Contains("is not to be had: this copy is dropped", StringComparison.Ordinal), Limit);

    private static async Task AssertSucceededOnceAsync(RunningSystem system, int tasks)
    {
        await system.DrainedAsync(Limit);
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(tasks));
        Assert.That(await system.CountAsync("outcomes"), Is.EqualTo(tasks));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(tasks), "no attempt is spent");
    }
}
