using System.Text.Json;
using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Integration.Http;

namespace Messaging.Tests.Integration.Client;

/// <summary>What a caller has of a task: its result, its failure, its progress, a way to call it off.</summary>
public sealed class TaskHandleTests : ProducerTest
{
    private HttpTaskClient _client = null!;

    [OneTimeSetUp]
    public void MakeClient() => _client = Clients.Of(Producer.Address);

    [OneTimeTearDown]
    public void DisposeClient() => _client.Dispose();

    [Test]
    public async Task A_handle_is_awaited_like_a_task_and_has_the_result()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("hello"));
        var waiting = handle.ResultAsync();
        Assert.That(waiting.IsCompleted, Is.False);

        await Producer.EndAsync(handle.Id, result: """{"message":"hello","attempt":1,"more":"than this caller knows"}""");

        Assert.That(await handle, Is.EqualTo(new DebugEchoResult("hello", 1)));
        Assert.That(await waiting, Is.EqualTo(new DebugEchoResult("hello", 1)));
        Assert.That(await _client.Attach<DebugEchoResult>(handle.Id), Is.EqualTo(new DebugEchoResult("hello", 1)), "also by somebody who only has the id");
        Assert.That((await _client.Attach(handle.Id)).GetProperty("more").GetString(), Is.EqualTo("than this caller knows"));
    }

    [Test]
    public async Task A_failed_task_throws_its_failure()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("fails"));
        await Producer.EndAsync(handle.Id, TaskState.Failed, null, new TaskFailure("card-declined", "The card was declined.", false));

        var failed = Assert.ThrowsAsync<TaskFailedException>(async () => await handle)!;

        Assert.That(failed.Failure, Is.EqualTo(new TaskFailure("card-declined", "The card was declined.", false)));
        Assert.That(failed.TaskId, Is.EqualTo(handle.Id));
        Assert.That(failed.State, Is.EqualTo(TaskState.Failed));
        Assert.That(failed.Message, Does.Contain("debug.echo").And.Contain(handle.Id.ToString()).And.Contain("card-declined").And.Contain("The card was declined."));
        Assert.That((await handle.EndAsync()).Attempt, Is.EqualTo(1), "whoever wants no exception asks for the end");
    }

    [Test]
    public async Task A_cancelled_task_throws_as_a_cancelled_task_of_this_process_would()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("pointless"));
        var waiting = handle.ResultAsync();

        Assert.That(await handle.CancelAsync("the customer left"), Is.True);

        var called = Assert.ThrowsAsync<TaskCalledOffException>(async () => await waiting)!;
        Assert.That(called, Is.InstanceOf<OperationCanceledException>());
        Assert.That(called.TaskId, Is.EqualTo(handle.Id));
        Assert.That(waiting.IsCanceled, Is.True);
        Assert.That(await handle.CancelAsync(), Is.True, "it is cancelled");
        Assert.That(
            await Producer.ScalarAsync($"SELECT reason FROM messaging.audit WHERE target = 'task:{handle.Id}'"), Is.EqualTo("the customer left"));
    }

    [Test]
    public async Task What_has_ended_can_not_be_called_off()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("done"));
        await Producer.EndAsync(handle.Id);

        Assert.That(await handle.CancelAsync(), Is.False);
    }

    [Test]
    public async Task A_result_that_is_something_else_is_no_failure_of_the_task()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("odd"));
        await Producer.EndAsync(handle.Id, result: "[1,2]");

        Assert.That(
            async () => await handle, Throws.InstanceOf<MessagingClientException>().With.Message.Contains("can't be read as").And.Message.Contains("DebugEchoResult"));
        Assert.That((await _client.Attach<int[]>(handle.Id))[1], Is.EqualTo(2));
    }

    [Test]
    public async Task Who_gives_up_waiting_ends_the_wait_and_not_the_task()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("slow"));
        using var enough = new CancellationTokenSource();
        var waiting = handle.ResultAsync(enough.Token);
        var patient = handle.ResultAsync();
        await enough.CancelAsync();

        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>().And.Not.InstanceOf<TaskCalledOffException>());
        Assert.That((await handle.GetAsync()).State, Is.EqualTo(TaskState.Queued));
        await Producer.EndAsync(handle.Id);
        Assert.That((await patient).Message, Is.EqualTo("hello"), "another wait for the same task goes on");
    }

    [Test]
    public void There_is_no_such_task()
    {
        var handle = _client.Attach<DebugEchoResult>(Guid.NewGuid());

        Assert.That(async () => await handle, Throws.InstanceOf<ProblemException>().With.Property(nameof(ProblemException.Type)).EqualTo(ProblemTypes.UnknownTask));
        Assert.That(async () => await handle.GetAsync(), Throws.InstanceOf<ProblemException>().With.Property(nameof(ProblemException.Status)).EqualTo(404));
        Assert.That(async () => await handle.Progress.FirstAsync(), Throws.InstanceOf<ProblemException>().With.Property(nameof(ProblemException.Status)).EqualTo(404));
    }

    [Test]
    public async Task All_options_arrive()
    {
        var deadline = (await Producer.SubmitAsync()).CreatedAt.AddDays(30);
        var options = new SubmitOptions
        {
            Queue = "reports",
            RunAt = deadline.AddDays(-1),
            Deadline = deadline,
            MaxAttempts = 7,
            Timeout = TimeSpan.FromMinutes(3),
            Tags = ["a", "b"],
            IdempotencyKey = "ключ \"1\"",
        };
        var handle = await _client.SubmitAsync(new DebugEcho("later"), options);
        var delayed = await _client.SubmitAsync(new DebugEcho("delayed"), new SubmitOptions { Delay = TimeSpan.FromHours(1) });

        var task = await handle.GetAsync();
        Assert.That((task.Queue, task.RunAt, task.Deadline, task.MaxAttempts, task.State), Is.EqualTo(("reports", deadline.AddDays(-1), deadline, 7, TaskState.Scheduled)));
        Assert.That(task.Tags, Is.EqualTo(new[] { "a", "b" }));
        Assert.That(await Producer.ScalarAsync($"SELECT timeout_ms FROM messaging.tasks WHERE id = '{handle.Id}'"), Is.EqualTo(180_000));
        Assert.That((await delayed.GetAsync()).State, Is.EqualTo(TaskState.Scheduled));
        var again = await _client.SubmitAsync(new DebugEcho("later"), options);
        Assert.That(again.Id, Is.EqualTo(handle.Id));
        Assert.That((handle.IsReplayed, again.IsReplayed, again.As<string>().IsReplayed), Is.EqualTo((false, true, true)));
    }

    [Test]
    public async Task A_handle_tells_why_the_task_does_not_run()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("why"), new SubmitOptions { Delay = TimeSpan.FromHours(1) });
        var why = await handle.ExplainAsync();

        Assert.That((why.Id, why.State, why.Reason), Is.EqualTo((handle.Id, TaskState.Scheduled, ExplainReasons.Delayed)));
        Assert.That(why.Explanation, Is.Not.Empty);
        Assert.That(
            async () => await _client.Attach(Guid.NewGuid()).ExplainAsync(),
            Throws.InstanceOf<ProblemException>().With.Property(nameof(ProblemException.Type)).EqualTo(ProblemTypes.UnknownTask));
    }

    [Test]
    public async Task The_clients_defaults_hold_where_a_task_says_nothing()
    {
        using var client = Clients.Of(Producer.Address, options => options.Defaults = new SubmitOptions { Queue = "usual", Tags = ["shop"], Delay = TimeSpan.FromHours(1) });
        var usual = await (await client.SubmitAsync(new DebugEcho("usual"))).GetAsync();
        var own = await (await client.SubmitAsync(new DebugEcho("own"), new SubmitOptions { Queue = "own", RunAt = DateTimeOffset.UnixEpoch })).GetAsync();

        Assert.That((usual.Queue, usual.State, usual.Tags[0]), Is.EqualTo(("usual", TaskState.Scheduled, "shop")));
        Assert.That((own.Queue, own.State, own.Tags[0]), Is.EqualTo(("own", TaskState.Queued, "shop")), "its time takes the place of the usual delay");
    }

    [Test]
    public void A_refusal_says_which_fields_are_wrong()
    {
        var refused = Assert.ThrowsAsync<ProblemException>(async () => await _client.SubmitAsync(
            TaskSubmission.Of("debug.echo", new { message = 1, failTimes = -1 })))!;
        var options = Assert.ThrowsAsync<ProblemException>(async () => await _client.SubmitAsync(new DebugEcho("x"), new SubmitOptions { MaxAttempts = 1000 }))!;
        var unknown = Assert.ThrowsAsync<ProblemException>(async () => await _client.SubmitAsync(TaskSubmission.OfJson("debug.ecco", "{}")))!;

        Assert.That((refused.Status, refused.Type), Is.EqualTo((422, ProblemTypes.InvalidInput)));
        Assert.That(refused.Errors.Select(e => e.Pointer), Is.EquivalentTo(new[] { "#/input/message", "#/input/failTimes" }));
        Assert.That(options.Errors.Single().Pointer, Is.EqualTo("#/maxAttempts"));
        Assert.That(options.Message, Does.StartWith("422 ").And.Contain("1 to 100"));
        Assert.That(unknown.Problem.Nearest, Does.Contain("debug.echo"));
    }

    [Test]
    public async Task Any_kind_goes_by_name_and_json()
    {
        var handle = await _client.SubmitAsync(TaskSubmission.OfJson("debug.echo", "{\n  \"message\": \"as\\nit is\"\n}"));
        await Producer.EndAsync(handle.Id, result: "null");

        Assert.That((await handle).ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That((await handle.GetAsync()).Input!.Value.ToString(), Is.EqualTo("{\n  \"message\": \"as\\nit is\"\n}"));
    }

    [Test]
    public async Task Events_and_progress_come_as_they_happen()
    {
        var handle = await _client.SubmitAsync(new DebugEcho("watched"));
        await using var events = handle.Events.GetAsyncEnumerator();
        Assert.That(await events.MoveNextAsync(), Is.True);
        Assert.That(events.Current.Name, Is.EqualTo("task.queued"));
        var claimed = await Producer.ClaimAsync(handle.Id);
        Assert.That(await events.MoveNextAsync(), Is.True);
        Assert.That((events.Current.Name, events.Current.Task.Attempt), Is.EqualTo(("task.running", 1)));
        await Producer.FinishAsync(new Infrastructure.Store.Finish.Ended(handle.Id, claimed.Fence, 1, TaskState.Succeeded, """{"message":"done","attempt":1}"""u8.ToArray(), null));
        Assert.That(await events.MoveNextAsync(), Is.True);
        Assert.That((events.Current.Name, events.Current.Task.Result?.ToString()), Is.EqualTo(("task.succeeded", """{"message":"done","attempt":1}""")));
        Assert.That(await events.MoveNextAsync(), Is.False);
        Assert.That(await handle.Progress.CountAsync(), Is.Zero, "it ends with the task");
    }
}
