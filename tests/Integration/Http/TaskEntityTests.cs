using System.Net;
using System.Net.Http.Headers;
using Messaging.Contracts.Http;
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
