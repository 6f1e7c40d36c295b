using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Contracts.Testing;

namespace Messaging.Tests.Unit.Contracts.Testing;

/// <summary>The client's double behaves as the client does.</summary>
public sealed class RecordingTaskClientTests
{
    [Test]
    public async Task What_was_submitted_is_kept_and_its_handle_ends_when_the_test_says_so()
    {
        var client = new RecordingTaskClient();
        var handle = await client.SubmitAsync(new DebugEcho("hi"), new SubmitOptions { Queue = "mail", Tags = ["x"] });
        var waiting = handle.ResultAsync();
        Assert.That(waiting.IsCompleted, Is.False);

        var task = client.SubmittedOf<DebugEcho>().Single();
        Assert.That(task.Input<DebugEcho>().Message, Is.EqualTo("hi"));
        Assert.That((task.Kind, task.Options.Queue, task.State), Is.EqualTo(("debug.echo", "mail", TaskState.Queued)));
        task.Succeed(new DebugEchoResult("hi", 1));

        Assert.That(await waiting, Is.EqualTo(new DebugEchoResult("hi", 1)));
        Assert.That(() => task.Fail("too late"), Throws.InvalidOperationException);
    }

    [Test]
    public async Task Failures_cancels_and_deadlines_throw_as_they_do()
    {
        var client = new RecordingTaskClient();
        var handles = new List<TaskHandle<DebugEchoResult>>();
        for (var i = 0; i < 3; i++)
            handles.Add(await client.SubmitAsync(new DebugEcho($"{i}")));
        client.Submitted[0].Fail("The card was declined.", "card-declined");
        client.Submitted[1].Cancel("pointless");
        client.Submitted[2].Expire();

        Assert.That(async () => await handles[0], Throws.InstanceOf<TaskFailedException>().With.Message.Contains("card-declined"));
        Assert.That(async () => await handles[1], Throws.InstanceOf<TaskCalledOffException>().With.Message.Contains("pointless"));
        Assert.That(async () => await handles[2], Throws.InstanceOf<TaskFailedException>().With.Property(nameof(TaskFailedException.State)).EqualTo(TaskState.Expired));
    }

    [Test]
    public async Task Progress_and_events_come_as_they_are_reported()
    {
        var client = new RecordingTaskClient();
        var handle = await client.SubmitAsync(new DebugEcho("hi"), new SubmitOptions { Delay = TimeSpan.FromMinutes(1) });
        var progress = handle.Progress.ToListAsync().AsTask();
        client.Submitted[0].Report(10, "begun");
        client.Submitted[0].Report(90);
        client.Submitted[0].Succeed(null);

        Assert.That(await progress, Is.EqualTo(new[] { new TaskProgress(10, "begun"), new TaskProgress(90, null) }));
        Assert.That(
            await handle.Events.Select(e => e.Name).ToListAsync(),
            Is.EqualTo(new[] { "task.scheduled", "task.running", "task.progress", "task.progress", "task.succeeded" }));
    }

    [Test]
    public async Task Kinds_may_answer_by_themselves()
    {
        var client = new RecordingTaskClient();
        client.Answer<DebugEcho, DebugEchoResult>(input => input.FailTimes > 0 ? throw new FormatException("asked to") : new DebugEchoResult(input.Message, 1));

        Assert.That((await client.RunAsync(new DebugEcho("hi"))).Message, Is.EqualTo("hi"));
        Assert.That(async () => await client.RunAsync(new DebugEcho("hi", FailTimes: 1)), Throws.InstanceOf<TaskFailedException>().With.Message.Contains("asked to"));
    }

    [Test]
    public async Task One_key_makes_one_task()
    {
        var client = new RecordingTaskClient();
        var once = new SubmitOptions { IdempotencyKey = "order-1" };

        var first = await client.SubmitAsync(new DebugEcho("hi"), once);
        var second = await client.SubmitAsync(new DebugEcho("hi"), once);

        Assert.That(second.Id, Is.EqualTo(first.Id));
        Assert.That((first.IsReplayed, second.IsReplayed), Is.EqualTo((false, true)));
        Assert.That(client.Submitted, Has.Count.EqualTo(1));
        Assert.That(
            async () => await client.SubmitAsync(new DebugEcho("other"), once),
            Throws.InstanceOf<ProblemException>().With.Property(nameof(ProblemException.Type)).EqualTo(ProblemTypes.IdempotencyKeyReused));
    }

    [Test]
    public async Task Whom_a_task_wants_to_be_told_is_kept()
    {
        var client = new RecordingTaskClient { Defaults = new SubmitOptions { Callback = new CallbackRequest { Endpoint = "orders" } } };
        await client.SubmitAsync(new DebugEcho("default"));
        await client.SubmitAsync(new DebugEcho("own"), new SubmitOptions { Callback = new CallbackRequest { Url = "https://example.com/", Events = ["task.failed"] } });

        Assert.That(client.Submitted[0].Options.Callback!.Endpoint, Is.EqualTo("orders"));
        Assert.That(client.Submitted[1].Options.Callback, Has.Property(nameof(CallbackRequest.Url)).EqualTo("https://example.com/"));
    }

    [Test]
    public async Task A_refusal_spoils_one_task()
    {
        var client = new RecordingTaskClient();
        client.RefuseNext(new Problem { Type = ProblemTypes.QueueFull, Title = "Queue full", Status = 429 });

        var items = await client.SubmitManyAsync([new DebugEcho("a"), new DebugEcho("b")]).ToListAsync();

        Assert.That(items.Select(item => item.IsAccepted), Is.EqualTo(new[] { false, true }));
        Assert.That(items[0].Error, Is.InstanceOf<ProblemException>());
        Assert.That(items[1].Handle!.Id, Is.EqualTo(client.Submitted.Single().Id));
    }

    [Test]
    public async Task Calling_off_ends_what_waits_and_tells_what_runs()
    {
        var client = new RecordingTaskClient();
        var waits = await client.SubmitAsync(new DebugEcho("waits"));
        var runs = await client.SubmitAsync(new DebugEcho("runs"));
        client.Submitted[1].Start();

        Assert.That(await waits.CancelAsync("enough"), Is.True);
        Assert.That(await runs.CancelAsync("enough"), Is.True);

        Assert.That(client.Submitted[0].State, Is.EqualTo(TaskState.Cancelled));
        Assert.That((client.Submitted[1].State, client.Submitted[1].CancelRequested, client.Submitted[1].CancelReason), Is.EqualTo((TaskState.Running, true, "enough")));
        client.Submitted[1].Succeed(new DebugEchoResult("all the same", 1));
        Assert.That(await runs.CancelAsync(), Is.False);
        Assert.That(async () => await waits, Throws.InstanceOf<TaskCalledOffException>());
    }

    [Test]
    public async Task Why_a_task_is_where_it_is_follows_from_what_the_test_said()
    {
        var client = new RecordingTaskClient();
        var handle = await client.SubmitAsync(new DebugEcho("why"));
        var reasons = new List<string> { (await handle.ExplainAsync()).Reason };
        client.Submitted[0].Start();
        reasons.Add((await handle.ExplainAsync()).Reason);
        await handle.CancelAsync();
        reasons.Add((await handle.ExplainAsync()).Reason);
        client.Submitted[0].Fail("It failed.");
        reasons.Add((await handle.ExplainAsync()).Reason);

        Assert.That(reasons, Is.EqualTo(new[] { ExplainReasons.Queued, ExplainReasons.Running, ExplainReasons.Cancelling, ExplainReasons.DeadLetter }));
    }

    [Test]
    public void Who_is_not_known_is_not_found() => Assert.That(
        async () => await new RecordingTaskClient().Attach(Guid.NewGuid()),
        Throws.InstanceOf<ProblemException>().With.Property(nameof(ProblemException.Type)).EqualTo(ProblemTypes.UnknownTask));
}
