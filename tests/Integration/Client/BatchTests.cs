using System.Text.Json;
using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Http;

namespace Messaging.Tests.Integration.Client;

/// <summary>Many tasks in few requests; a bad one spoils only itself, and a broken connection nothing.</summary>
public sealed class BatchTests : ProducerTest
{
    [Test]
    public async Task A_bad_task_spoils_only_itself()
    {
        using var client = Clients.Of(Producer.Address);
        TaskSubmission[] tasks =
        [
            TaskSubmission.Of(new DebugEcho("first")),
            TaskSubmission.Of("debug.echo", new { message = 1 }),
            TaskSubmission.Of("debug.ecco", new { message = "x" }),
            TaskSubmission.OfJson("debug.echo", "{\r\n  \"message\": \"on\\nlines\"\r\n}"),
            TaskSubmission.Of("debug.echo", new { message = new string('x', SubmitTaskRequest.MaxInputBytes) }),
            TaskSubmission.Of(new DebugEcho(new string('y', 2 * SubmitTaskRequest.MaxLineBytes))),
            TaskSubmission.Of(new DebugEcho("key"), new SubmitOptions { IdempotencyKey = "batch-key" }),
            TaskSubmission.Of(new DebugEcho("key"), new SubmitOptions { IdempotencyKey = "batch-key" }),
        ];

        var items = await client.SubmitManyAsync(tasks.ToAsyncEnumerable()).ToListAsync();

        Assert.That(items.Select(item => item.Index), Is.EqualTo(Enumerable.Range(0, 8)));
        Assert.That(items.Select(item => item.IsAccepted), Is.EqualTo(new[] { true, false, false, true, false, true, true, true }));
        Assert.That(((ProblemException)items[1].Error!).Errors.Single().Pointer, Is.EqualTo("#/input/message"));
        Assert.That(((ProblemException)items[2].Error!).Type, Is.EqualTo(ProblemTypes.UnknownKind));
        Assert.That(((ProblemException)items[4].Error!).Type, Is.EqualTo(ProblemTypes.TooLarge));
        Assert.That(items[7].Handle!.Id, Is.EqualTo(items[6].Handle!.Id));
        Assert.That(items.Count(item => item.IsReplayed), Is.EqualTo(1));
        Assert.That(items.Where(item => item.IsAccepted).Select(item => item.Handle!.IsReplayed), Is.EqualTo(items.Where(item => item.IsAccepted).Select(item => item.IsReplayed)));
        var stored = await items[3].Handle!.GetAsync();
        Assert.That(JsonDocument.Parse(stored.Input!.Value.Utf8).RootElement.GetProperty("message").GetString(), Is.EqualTo("on\nlines"));
        Assert.That((await items[5].Handle!.GetAsync()).Input!.Value.Utf8.Length, Is.GreaterThan(2 * SubmitTaskRequest.MaxLineBytes), "longer than a line may be");
    }

    [Test]
    public async Task More_than_fits_into_a_request_is_split()
    {
        using var sent = new RecordedRequests();
        using var client = Clients.Of(Producer.Address, options => options.Handler = sent);
        var tag = Guid.NewGuid().ToString();

        var items = await client.SubmitManyAsync(Enumerable.Range(0, 20_001).Select(i => new DebugEcho($"{i}")), new SubmitOptions { Tags = [tag] }).ToListAsync();

        Assert.That(items.Where(item => !item.IsAccepted), Is.Empty);
        Assert.That(items.Select(item => item.Handle!.Id).Distinct().Count(), Is.EqualTo(20_001));
        Assert.That(sent.Lines, Is.EqualTo(Enumerable.Repeat("POST /v1/tasks/batch", 3)));
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_tags WHERE tag = '{tag}'"), Is.EqualTo(20_001));
        Assert.That((await items[17_000].Handle!.GetAsync()).Input!.Value.ToString(), Is.EqualTo("""{"message":"17000","wait":null,"failTimes":0,"progressSteps":0}"""), "in order");
    }

    [TestCase(false, Description = "all of the answer")]
    [TestCase(true, Description = "the end of it")]
    public async Task What_is_lost_on_the_way_is_asked_again_and_makes_no_second_task(bool beginningPasses)
    {
        await using var network = new LostAnswer(Producer.Address, "\"index\":0,", beginningPasses);
        using var sent = new RecordedRequests();
        using var client = Clients.Of(network.Address, options => options.Handler = sent);
        var tag = Guid.NewGuid().ToString();

        var items = await client.SubmitManyAsync(Enumerable.Range(0, 5_000).Select(i => new DebugEcho($"{i}")), new SubmitOptions { Tags = [tag] }).ToListAsync();

        Assert.That(network.Lost, Is.EqualTo(1));
        Assert.That(sent.Lines, Has.Count.EqualTo(2));
        Assert.That(items.Where(item => !item.IsAccepted), Is.Empty);
        Assert.That(items[0].IsReplayed, Is.Not.EqualTo(beginningPasses), "what was answered is not sent again");
        Assert.That(items.Select(item => item.Handle!.Id), Is.Unique);
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_tags WHERE tag = '{tag}'"), Is.EqualTo(5_000));
    }

    [Test]
    public async Task A_task_that_is_too_long_for_a_line_knows_whether_its_key_has_made_it_before()
    {
        using var client = Clients.Of(Producer.Address);
        var task = TaskSubmission.Of(new DebugEcho(new string('z', 2 * SubmitTaskRequest.MaxLineBytes)), new SubmitOptions { IdempotencyKey = "long-key" });

        var first = await client.SubmitManyAsync(new[] { task }.ToAsyncEnumerable()).SingleAsync();
        var second = await client.SubmitManyAsync(new[] { task }.ToAsyncEnumerable()).SingleAsync();

        Assert.That((first.IsReplayed, second.IsReplayed), Is.EqualTo((false, true)));
        Assert.That(second.Handle!.Id, Is.EqualTo(first.Handle!.Id));
    }

    [Test]
    public async Task Tasks_that_come_slowly_do_not_wait_for_each_other()
    {
        using var client = Clients.Of(Producer.Address);
        var second = new TaskCompletionSource();

        async IAsyncEnumerable<ITaskInput<DebugEchoResult>> SlowlyAsync()
        {
            yield return new DebugEcho("first");
            await second.Task;
            yield return new DebugEcho("second");
        }

        await using var items = client.SubmitManyAsync(SlowlyAsync()).GetAsyncEnumerator();
        Assert.That(await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)), Is.True);
        Assert.That(items.Current.IsAccepted, Is.True, "though the second is still to come");
        second.SetResult();
        Assert.That(await items.MoveNextAsync(), Is.True);
        Assert.That(items.Current.Index, Is.EqualTo(1));
        Assert.That(await items.MoveNextAsync(), Is.False);
    }

    [Test]
    public void One_key_for_many_tasks_can_not_be()
    {
        using var client = Clients.Of(Producer.Address);
        Assert.That(
            () => client.SubmitManyAsync([new DebugEcho("a"), new DebugEcho("b")], new SubmitOptions { IdempotencyKey = "k" }), Throws.ArgumentException);
    }
}
