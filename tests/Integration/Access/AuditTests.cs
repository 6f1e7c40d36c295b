using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Retention;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>What people did is written down, with what it was done to: both or neither.</summary>
public sealed class AuditTests : KeyedTest
{
    [Test]
    public async Task Every_action_is_there_with_who_why_and_on_what()
    {
        var (key, secret) = await MakeAsync(ApiScopes.Operate | ApiScopes.Submit | ApiScopes.Read, name: "night shift");
        var cancelled = await SubmitAsync(secret);
        var failed = await SubmitAsync(secret);
        var discarded = await SubmitAsync(secret);
        await FailAsync(failed);
        await FailAsync(discarded);
        await DoAsync(HttpMethod.Post, $"/v1/tasks/{cancelled}/cancel", secret, """{"reason":"wrong customer"}""");
        await DoAsync(HttpMethod.Post, $"/v1/tasks/{failed}/retry", secret, """{"input":{"message":"again"},"reason":"typo"}""");
        await DoAsync(HttpMethod.Post, $"/v1/dead-letters/{discarded}/discard", secret, """{"reason":"known"}""");
        await DoAsync(HttpMethod.Delete, $"/v1/tasks/{cancelled}?reason=personal%20data", secret);
        var operation = await ReadAsync<OperationResponse>(await DoAsync(
            HttpMethod.Post, "/v1/operations", secret, """{"action":"discard","filter":{"tag":"nobody"},"reason":"tidy"}"""));

        var entries = await ListAsync($"actor=key:{key.Id}");
        Assert.That(entries.Select(e => (e.Action, e.Target, e.Reason)), Is.EqualTo(new[]
        {
            (AuditActions.StartOperation, $"operation:{operation.Id}", "tidy"),
            (AuditActions.RemoveTask, $"task:{cancelled}", "personal data"),
            (AuditActions.DiscardDeadLetter, $"task:{discarded}", "known"),
            (AuditActions.RetryTask, $"task:{failed}", "typo"),
            (AuditActions.CancelTask, $"task:{cancelled}", "wrong customer"),
        }));
        Assert.That(entries.Select(e => e.ActorName), Has.All.EqualTo("night shift"));
        Assert.That(entries.Select(e => e.Address), Has.All.EqualTo("127.0.0.1"));
        Assert.That(entries.Select(e => e.Id), Is.Ordered.Descending);
        Assert.That(entries[0].Details.ToString(), Does.Contain("\"tag\":\"nobody\""));
        Assert.That(entries[3].Details.ToString(), Is.EqualTo("""{"editedInput":true}"""));
        Assert.That((await ListAsync($"target=task:{cancelled}")).Select(e => e.Action), Is.EqualTo(new[] { AuditActions.RemoveTask, AuditActions.CancelTask }));
        Assert.That((await ListAsync($"action=key.create&target=key:{key.Id}")).Single().Details.ToString(), Does.Contain("night shift").And.Contain("operate"));
    }

    [Test]
    public async Task What_changed_nothing_is_not_written_down()
    {
        var task = await SubmitAsync(Admin);
        await Producer.EndAsync(task);
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Post, $"/v1/tasks/{task}/cancel"), (HttpMethod.Post, $"/v1/tasks/{task}/retry"), (HttpMethod.Post, $"/v1/dead-letters/{task}/discard"),
            (HttpMethod.Post, $"/v1/operations/{task}/stop"), (HttpMethod.Delete, $"/v1/tasks/{Guid.NewGuid()}"),
        })
        {
            using var refused = await SendAsync(method, path, Admin);
            Assert.That((int)refused.StatusCode, Is.InRange(404, 409), path);
        }

        Assert.That(await ListAsync($"target=task:{task}"), Is.Empty);
        Assert.That(await ListAsync($"target=operation:{task}"), Is.Empty);
    }

    [Test]
    public async Task An_action_whose_entry_can_not_be_written_is_not_done()
    {
        var task = await SubmitAsync(Admin);
        var dead = await SubmitAsync(Admin);
        await FailAsync(dead);
        await Producer.ScalarAsync("ALTER TABLE messaging.audit ADD CONSTRAINT broken CHECK (reason IS DISTINCT FROM 'break') NOT VALID");
        foreach (var path in new[] { $"/v1/tasks/{task}/cancel", $"/v1/tasks/{dead}/retry", $"/v1/dead-letters/{dead}/discard" })
        {
            using var answer = await SendAsync(HttpMethod.Post, path, Admin, """{"reason":"break"}""");
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError));
        }

        using (var remove = await SendAsync(HttpMethod.Delete, $"/v1/tasks/{dead}?reason=break", Admin))
            Assert.That(remove.StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError));
        using (var key = await SendAsync(HttpMethod.Post, "/v1/keys", Admin, """{"name":"broken","scopes":["read"],"reason":"break"}"""))
            Assert.That(key.StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError));
        Assert.That(await Producer.ScalarAsync($"SELECT state FROM messaging.open_tasks WHERE id = '{task}'"), Is.EqualTo((short)TaskState.Queued));
        Assert.That(
            await Producer.ScalarAsync($"SELECT state FROM messaging.outcomes WHERE task_id = '{dead}' AND discarded_at IS NULL"), Is.EqualTo((short)TaskState.Failed));
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM messaging.api_keys WHERE name = 'broken'"), Is.Zero);
    }

    [Test]
    public async Task Pages_join_and_what_is_not_known_is_refused()
    {
        for (var i = 0; i < 5; i++)
            await DoAsync(HttpMethod.Post, $"/v1/tasks/{await SubmitAsync(Admin)}/cancel", Admin);
        using var first = await SendAsync(HttpMethod.Get, "/v1/audit?action=task.cancel&limit=3", Admin);
        using var second = await SendAsync(HttpMethod.Get, first.Headers.GetValues("Link").Single().Split('<', '>')[1], Admin);
        var (one, two) = (await ReadAsync<Page<AuditResponse>>(first), await ReadAsync<Page<AuditResponse>>(second));
        Assert.That(one.Items, Has.Count.EqualTo(3));
        Assert.That(one.Items.Concat(two.Items).Select(e => e.Id), Is.Ordered.Descending.And.Unique);

        using var action = await SendAsync(HttpMethod.Get, "/v1/audit?action=task.eat", Admin);
        using var after = await SendAsync(HttpMethod.Get, "/v1/audit?after=x", Admin);
        using var reason = await SendAsync(HttpMethod.Post, $"/v1/tasks/{Guid.NewGuid()}/cancel", Admin, """{"reson":"x"}""");
        await ProblemAsync(action, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        await ProblemAsync(after, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That((await ProblemAsync(reason, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest)).Detail, Does.Contain("did you mean 'reason'"));
    }

    [Test]
    public async Task Old_entries_are_forgotten()
    {
        await Producer.ScalarAsync(
            "INSERT INTO messaging.audit (at, action, target, actor) VALUES (now() - interval '401 days', 'task.cancel', 'task:old', 'cli'), (now() - interval '399 days', 'task.cancel', 'task:young', 'cli')");
        await Producer.Get<RetentionKeeper>().RetireAsync(CancellationToken.None);
        Assert.That(await ListAsync("target=task:old"), Is.Empty);
        Assert.That(await ListAsync("target=task:young"), Has.Count.EqualTo(1));
    }

    private async Task<Guid> SubmitAsync(string key)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/v1/tasks", key, """{"kind":"debug.echo","input":{"message":"hi"}}""");
        return (await ReadAsync<TaskResponse>(answer)).Id;
    }

    private Task FailAsync(Guid task) => Producer.EndAsync(task, TaskState.Failed, null, new TaskFailure("test", "It failed.", false, null));

    private async Task<HttpResponseMessage> DoAsync(HttpMethod method, string path, string key, string? body = null)
    {
        var answer = await SendAsync(method, path, key, body);
        Assert.That(answer.IsSuccessStatusCode, Is.True, $"{method} {path}: {await answer.Content.ReadAsStringAsync()}");
        return answer;
    }

    private async Task<IReadOnlyList<AuditResponse>> ListAsync(string query)
    {
        using var answer = await SendAsync(HttpMethod.Get, $"/v1/audit?{query}", Admin);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return (await ReadAsync<Page<AuditResponse>>(answer)).Items;
    }
}
