using System.Net;
using Messaging.Contracts.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>Tasks that are asked for by name: ids, keys, times.</summary>
public sealed class TasksByIdTests : ProducerTest
{
    [Test]
    public async Task Tasks_come_in_the_order_of_the_ids_and_missing_ones_are_named()
    {
        var tasks = new[] { await Producer.SubmitAsync(), await Producer.SubmitAsync(), await Producer.SubmitAsync() };
        var (nobody, nothing) = (Guid.NewGuid(), Guid.NewGuid());
        await Producer.EndAsync(tasks[1].Id);

        using var answer = await Producer.GetAsync($"/v1/tasks?ids={tasks[2].Id},{nobody},{tasks[0].Id},{tasks[2].Id},{nothing},{tasks[1].Id}");
        var found = await ReadAsync<TasksByIdResponse>(answer);

        Assert.Multiple(() =>
        {
            Assert.That(found.Items.Select(t => t.Id), Is.EqualTo(new[] { tasks[2].Id, tasks[0].Id, tasks[1].Id }));
            Assert.That(found.Items.Select(t => t.State), Is.EqualTo(new[] { tasks[2].State, tasks[0].State, Contracts.Tasks.TaskState.Succeeded }));
            Assert.That(found.Missing, Is.EqualTo(new[] { nobody, nothing }));
        });
    }

    [Test]
    public async Task Two_hundred_ids_fit_and_none_need_be_missing()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 200; i++)
            ids.Add((await Producer.SubmitAsync()).Id);

        using var answer = await Producer.GetAsync($"/v1/tasks?ids={string.Join(',', ids)}");
        var found = await ReadAsync<TasksByIdResponse>(answer);

        Assert.That(found.Items.Select(t => t.Id), Is.EqualTo(ids));
        Assert.That(found.Missing, Is.Empty);
    }

    [TestCase("ids=", "ids")]
    [TestCase("ids=17", "ids")]
    [TestCase("ids=0197a000-0000-7000-8000-000000000000,", "ids")]
    [TestCase("ids=0197a000-0000-7000-8000-000000000000&state=queued", "ids")]
    [TestCase("idempotencyKey=", "idempotencyKey")]
    [TestCase("createdAfter=yesterday", "createdAfter")]
    [TestCase("createdBefore=2030-01-01T00:00:00", "createdBefore")]
    public async Task A_bad_question_is_refused_with_its_parameter(string query, string parameter)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks?{query}");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Parameter, Is.EqualTo(parameter));
    }

    [Test]
    public async Task More_ids_than_are_answered_at_once_are_refused()
    {
        using var answer = await Producer.GetAsync($"/v1/tasks?ids={string.Join(',', Enumerable.Range(0, 201).Select(_ => Guid.NewGuid()))}");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Detail, Does.Contain("201").And.Contain("200"));
    }

    [Test]
    public async Task A_task_is_found_by_its_key()
    {
        var task = await Producer.SubmitAsync(""","idempotencyKey":"find me/ä" """);

        Assert.That(await IdsAsync("idempotencyKey=find%20me%2F%C3%A4"), Is.EqualTo(new[] { task.Id }));
        Assert.That(await IdsAsync("idempotencyKey=find%20me%2F%C3%A4&state=queued&kind=debug.echo"), Is.EqualTo(new[] { task.Id }));
        Assert.That(await IdsAsync("idempotencyKey=find%20me%2F%C3%A4&state=running"), Is.Empty);
        Assert.That(await IdsAsync("idempotencyKey=nobody"), Is.Empty);
    }

    [Test]
    public async Task Tasks_are_found_by_the_time_of_their_acceptance()
    {
        var tasks = new List<TaskResponse>();
        for (var i = 0; i < 5; i++)
        {
            tasks.Add(await Producer.SubmitAsync(""","tags":["by-time"]"""));
            // Ids of one millisecond have no order of time.
            await Producer.ScalarAsync("SELECT pg_sleep(0.005)");
        }

        string At(int i) => $"{tasks[i].CreatedAt:yyyy-MM-ddTHH:mm:ss.fffZ}";
        foreach (var more in new[] { "&tag=by-time", "&tag=by-time&state=queued", "&kind=debug.echo", "&state=queued" })
        {
            Assert.That(
                await IdsAsync($"createdAfter={At(1)}&createdBefore={At(4)}{more}"), Is.EqualTo(new[] { tasks[3].Id, tasks[2].Id, tasks[1].Id }), more);
        }

        Assert.That(await IdsAsync($"createdAfter={At(3)}&limit=1&tag=by-time"), Is.EqualTo(new[] { tasks[4].Id }));
        Assert.That(await IdsAsync($"createdAfter={At(3)}&limit=1&tag=by-time&after={tasks[4].Id}"), Is.EqualTo(new[] { tasks[3].Id }));
        Assert.That(await IdsAsync($"createdBefore={At(2)}&tag=by-time&after={tasks[4].Id}"), Is.EqualTo(new[] { tasks[1].Id, tasks[0].Id }));
        Assert.That(await IdsAsync("createdBefore=1969-01-01T00:00:00Z"), Is.Empty);
        Assert.That(await IdsAsync("createdAfter=2999-01-01T00:00:00Z"), Is.Empty);
    }

    private async Task<Guid[]> IdsAsync(string query)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks?{query}");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
        return [.. (await ReadAsync<Page<TaskResponse>>(answer)).Items.Select(t => t.Id)];
    }
}
