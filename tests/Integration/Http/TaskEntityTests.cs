using System.Net;
using System.Net.Http.Headers;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>ETags of tasks and results, and what is asked with them.</summary>
public sealed class TaskEntityTests : ProducerTest
{
    [TestCase("{TAG}")]
    [TestCase("W/{TAG}")]
    [TestCase("\"other\", {TAG}")]
    [TestCase("*")]
    public async Task A_task_that_has_not_changed_is_not_sent_again(string condition)
    {
        var task = await Producer.SubmitAsync();
        using var first = await Producer.GetAsync($"/v1/tasks/{task.Id}");
        using var second = await GetAsync($"/v1/tasks/{task.Id}", "If-None-Match", condition.Replace("{TAG}", first.Headers.ETag!.ToString(), StringComparison.Ordinal));

        Assert.Multiple(() =>
        {
            Assert.That(first.Headers.ETag!.IsWeak, Is.False);
            Assert.That(second.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
            Assert.That(second.Headers.ETag, Is.EqualTo(first.Headers.ETag));
            Assert.That(second.Headers.CacheControl?.NoStore, Is.True);
            Assert.That(second.Headers.RetryAfter, Is.Not.Null);
            Assert.That(second.Content.Headers.ContentType, Is.Null);
        });
        Assert.That(await second.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task Whatever_changes_a_task_changes_its_tag()
    {
        var task = await Producer.SubmitAsync();
        var tags = new List<EntityTagHeaderValue> { await TagAsync(task.Id) };
        await Producer.ClaimAsync(task.Id);
        tags.Add(await TagAsync(task.Id));
        await Producer.ScalarAsync($"INSERT INTO messaging.task_events (task_id, seq, percent, message) VALUES ('{task.Id}', 1, 50, 'half')");
        tags.Add(await TagAsync(task.Id));
        using var cancel = await Producer.PostAsync($"/v1/tasks/{task.Id}/cancel", "");
        tags.Add(await TagAsync(task.Id));
        using var changed = await GetAsync($"/v1/tasks/{task.Id}", "If-None-Match", tags[0].ToString());

        Assert.That(tags, Is.Unique);
        Assert.That(changed.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task A_result_has_a_tag_too()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id);
        using var first = await Producer.GetAsync($"/v1/tasks/{task.Id}/result");
        using var second = await GetAsync($"/v1/tasks/{task.Id}/result", "If-None-Match", first.Headers.ETag!.ToString());

        Assert.That(second.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
        Assert.That(await TagAsync(task.Id), Is.Not.EqualTo(first.Headers.ETag));
    }

    [Test]
    public async Task Whoever_wants_the_header_fields_alone_gets_them()
    {
        var task = await Producer.SubmitAsync();
        using var whole = await Producer.GetAsync($"/v1/tasks/{task.Id}");
        using var head = await HeadAsync($"/v1/tasks/{task.Id}");
        using var result = await HeadAsync($"/v1/tasks/{task.Id}/result");
        using var unknown = await HeadAsync($"/v1/tasks/{Guid.NewGuid()}");

        Assert.Multiple(() =>
        {
            Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(head.Headers.ETag, Is.EqualTo(whole.Headers.ETag));
            Assert.That(head.Content.Headers.ContentLength, Is.EqualTo(whole.Content.Headers.ContentLength).And.GreaterThan(0));
            Assert.That(result.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That(unknown.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        });

        Task<HttpResponseMessage> HeadAsync(string path) => Producer.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri(path, UriKind.Relative)));
    }

    [Test]
    public async Task A_condition_that_does_not_hold_is_a_problem()
    {
        var task = await Producer.SubmitAsync();
        using var failed = await GetAsync($"/v1/tasks/{task.Id}", "If-Match", "\"other\"");
        using var holds = await GetAsync($"/v1/tasks/{task.Id}", "If-Match", (await TagAsync(task.Id)).ToString());

        await ProblemAsync(failed, HttpStatusCode.PreconditionFailed, ProblemTypes.PreconditionFailed);
        Assert.That(holds.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task After_a_wait_the_task_is_compared_as_it_is_then()
    {
        var task = await Producer.SubmitAsync();
        var tag = (await TagAsync(task.Id)).ToString();
        using var unchanged = await GetAsync($"/v1/tasks/{task.Id}?wait=0.2", "If-None-Match", tag);
        var waiting = GetAsync($"/v1/tasks/{task.Id}?wait=PT30S", "If-None-Match", tag);
        await Producer.EndAsync(task.Id);
        using var ended = await waiting;

        Assert.That(unchanged.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
        Assert.That(ended.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("cancel")]
    [TestCase("retry")]
    [TestCase("discard")]
    [TestCase("remove")]
    public async Task What_was_seen_otherwise_is_left_alone(string action)
    {
        var task = await Producer.SubmitAsync();
        var seen = (await TagAsync(task.Id)).ToString();
        if (action == "cancel")
            await Producer.ClaimAsync(task.Id);
        else
            await Producer.EndAsync(task.Id, TaskState.Failed, null, new TaskFailure("smtp", "Connection refused.", false));
        var now = (await TagAsync(task.Id)).ToString();

        using (var refused = await ActAsync(action, task.Id, seen))
            await ProblemAsync(refused, HttpStatusCode.PreconditionFailed, ProblemTypes.PreconditionFailed);
        using (var unread = await ActAsync(action, task.Id, "no tag"))
            await ProblemAsync(unread, HttpStatusCode.PreconditionFailed, ProblemTypes.PreconditionFailed);
        Assert.That((await TagAsync(task.Id)).ToString(), Is.EqualTo(now), "nothing was done");
        using var done = await ActAsync(action, task.Id, now);
        Assert.That(done.IsSuccessStatusCode, Is.True);
        using var unknown = await ActAsync(action, Guid.NewGuid(), now);
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
    }

    private async Task<HttpResponseMessage> ActAsync(string action, Guid id, string ifMatch)
    {
        using var request = action switch
        {
            "remove" => new HttpRequestMessage(HttpMethod.Delete, $"/v1/tasks/{id}"),
            "cancel" => new HttpRequestMessage(HttpMethod.Post, $"/v1/tasks/{id}/cancel"),
            "retry" => new HttpRequestMessage(HttpMethod.Post, $"/v1/tasks/{id}/retry"),
            _ => new HttpRequestMessage(HttpMethod.Post, $"/v1/dead-letters/{id}/{action}"),
        };
        request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await Producer.Client.SendAsync(request);
    }

    private async Task<EntityTagHeaderValue> TagAsync(Guid id)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks/{id}");
        return answer.Headers.ETag!;
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation(header, value);
        return await Producer.Client.SendAsync(request);
    }
}
