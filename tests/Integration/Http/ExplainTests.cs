using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Explain;
using Messaging.Infrastructure.Store.Finish;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary><c>GET /v1/tasks/{id}/explain</c> on a producer whose broker is away; what is published is taken out of the outbox by hand.</summary>
public sealed class ExplainTests : ProducerTest
{
    private static readonly TaskFailure Failure = new("smtp", "Connection refused.", true);

    [Test]
    public async Task A_task_for_later_waits_for_its_time()
    {
        var task = await Producer.SubmitAsync(",\"delay\":\"PT1H\"");
        var why = await ExplainAsync(task.Id);
        Assert.That(why, Is.EqualTo(("delayed", TaskState.Scheduled)));
        Assert.That(Last.Until, Is.EqualTo(task.RunAt).Within(TimeSpan.FromMilliseconds(1)));
        Assert.That(Last.Workers, Is.Null);
    }

    [Test]
    public async Task Without_a_broker_a_task_waits_for_it_in_the_outbox()
    {
        var task = await Producer.SubmitAsync();
        Assert.That(await ExplainAsync(task.Id), Is.EqualTo(("broker-away", TaskState.Queued)));
        Assert.That(Last.Explanation, Does.Contain("safe in Postgres"));
        Assert.That(Last.Since, Is.Not.Null);

        await Producer.ScalarAsync($"DELETE FROM messaging.outbox WHERE '{task.Id}' = ANY (task_ids)");
        Assert.That(await ExplainAsync(task.Id), Is.EqualTo(("broker-away", TaskState.Queued)), "published, as far as the ledger knows");
        Assert.That(Last.Explanation, Does.Contain("was published"));
        Assert.That(Last.Since, Is.Not.Null);
    }

    [Test]
    public async Task What_is_published_waits_for_workers_and_their_slots()
    {
        var queue = "explained";
        var tasks = new List<TaskResponse>();
        for (var i = 0; i < 3; i++)
            tasks.Add(await Producer.SubmitAsync($",\"queue\":\"{queue}\""));
        await Producer.ScalarAsync($"DELETE FROM messaging.outbox WHERE queue = '{queue}'");
        var id = tasks[2].Id;

        Assert.That(await WithBrokerAsync(id), Is.EqualTo(("no-worker", TaskState.Queued)));
        Assert.That(Last.Ahead, Is.EqualTo(2));
        var worker = Guid.NewGuid();
        await Producer.ScalarAsync(
            "INSERT INTO messaging.workers (id, role, host, pid, version, queues, kinds, slots) "
            + $"VALUES ('{worker}', 'consumer', 'test', 1, '1', '{{other}}', '{{debug.echo}}', 2)");
        Assert.That(await WithBrokerAsync(id), Is.EqualTo(("no-worker-on-queue", TaskState.Queued)));
        await SetAsync($"queues = '{{{queue}}}', kinds = '{{x}}'");
        Assert.That(await WithBrokerAsync(id), Is.EqualTo(("no-worker-for-kind", TaskState.Queued)));
        await SetAsync("kinds = '{x,debug.echo}'");
        Assert.That(await WithBrokerAsync(id), Is.EqualTo(("queued", TaskState.Queued)));
        Assert.That(Last.Workers, Is.EqualTo(new ExplainWorkers(1, 1, 1, 2, 0)));
        await SetAsync("running = 2");
        Assert.That(await WithBrokerAsync(id), Is.EqualTo(("workers-busy", TaskState.Queued)));
        await SetAsync("draining = true");
        Assert.That(await WithBrokerAsync(id), Is.EqualTo(("no-worker", TaskState.Queued)));
        await Producer.ScalarAsync($"DELETE FROM messaging.workers WHERE id = '{worker}'");

        Task<object?> SetAsync(string what) => Producer.ScalarAsync($"UPDATE messaging.workers SET {what} WHERE id = '{worker}'");
    }

    [Test]
    public async Task A_running_task_names_its_worker()
    {
        var task = await Producer.SubmitAsync();
        await Producer.ClaimAsync(task.Id);
        Assert.That(await ExplainAsync(task.Id), Is.EqualTo(("running", TaskState.Running)));
        Assert.That(Last.Explanation, Does.Contain(Producer.Worker.ToString()));

        using var cancel = await Producer.PostAsync($"/v1/tasks/{task.Id}/cancel", "");
        Assert.That(await ExplainAsync(task.Id), Is.EqualTo(("cancelling", TaskState.Running)));
    }

    [Test]
    public async Task A_failed_attempt_says_why_and_when_the_next_one_comes()
    {
        var task = await Producer.SubmitAsync();
        var claim = await Producer.ClaimAsync(task.Id);
        await Producer.FinishAsync(new RetryLater(task.Id, claim.Fence, claim.Attempt, TimeSpan.FromHours(1), Failure));

        Assert.That(await ExplainAsync(task.Id), Is.EqualTo(("retrying", TaskState.Scheduled)));
        Assert.That(Last.LastFailure, Is.EqualTo(Failure));
        Assert.That(Last.Until, Is.GreaterThan(task.CreatedAt.AddMinutes(59)));
    }

    [Test]
    public async Task What_a_handler_put_off_is_told_apart_from_what_failed()
    {
        var task = await Producer.SubmitAsync();
        var claim = await Producer.ClaimAsync(task.Id);
        await Producer.FinishAsync(new Snoozed(task.Id, claim.Fence, claim.Attempt, TimeSpan.FromHours(1)));
        Assert.That(await ExplainAsync(task.Id), Is.EqualTo(("put-off", TaskState.Scheduled)));
    }

    [Test]
    public async Task What_has_ended_says_so()
    {
        var (succeeded, failed) = (await Producer.SubmitAsync(), await Producer.SubmitAsync());
        await Producer.EndAsync(succeeded.Id);
        await Producer.EndAsync(failed.Id, TaskState.Failed, null, Failure with { Retryable = false });

        Assert.That(await ExplainAsync(succeeded.Id), Is.EqualTo(("ended", TaskState.Succeeded)));
        Assert.That(await ExplainAsync(failed.Id), Is.EqualTo(("dead-letter", TaskState.Failed)));
        Assert.That(Last.Explanation, Does.Contain("smtp"));
    }

    [Test]
    public async Task An_id_that_is_none_or_unknown_is_refused()
    {
        using var unknown = await Producer.GetAsync($"/v1/tasks/{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}/explain");
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
        using var none = await Producer.GetAsync("/v1/tasks/7/explain");
        Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    private ExplainResponse Last { get; set; } = null!;

    // As a producer would answer that sees its broker.
    private async Task<(string Reason, TaskState State)> WithBrokerAsync(Guid id)
    {
        Last = (await Producer.Get<TaskExplainer>().ExplainAsync(id, BrokerView.Working, CancellationToken.None))!;
        return (Last.Reason, Last.State);
    }

    private async Task<(string Reason, TaskState State)> ExplainAsync(Guid id)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks/{id}/explain");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
        Last = await ReadAsync<ExplainResponse>(answer);
        return (Last.Reason, Last.State);
    }
}
