using System.Net;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Integration.Events;
using Messaging.Tests.Integration.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Callbacks;

/// <summary>The member <c>callback</c> of a task, alone and in batches.</summary>
public sealed class SubmitCallbackTests : ProducerTest
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Good = """ "kind":"debug.echo","input":{"message":"hello"} """;

    [Test]
    public async Task A_callback_is_stored_with_the_task_and_told_at_its_end()
    {
        var task = await Producer.SubmitAsync($$""","callback":{"url":"https://example.com/hook?a=b","events":["task.failed","task.succeeded"],"secret":"{{Secret}}"}""");

        using var before = await Producer.GetAsync($"/v1/tasks/{task.Id}/callbacks");
        var text = await before.Content.ReadAsStringAsync();
        Assert.That(text, Is.EqualTo("""{"callback":{"url":"https://example.com/hook?a=b","events":["task.succeeded","task.failed"]},"items":[]}"""));
        Assert.That(before.Headers.CacheControl?.NoStore, Is.True);

        await Producer.EndAsync(task.Id);
        using var after = await Producer.GetAsync($"/v1/tasks/{task.Id}/callbacks");
        var delivery = (await ReadAsync<TaskCallbacksResponse>(after)).Items.Single();
        Assert.That((delivery.Type, delivery.State, delivery.Url), Is.EqualTo(("task.succeeded", TaskState.Queued, "https://example.com/hook?a=b")));
        Assert.That(delivery.WebhookId, Is.EqualTo($"msg_{delivery.Id:N}"));
        Assert.That(delivery.Timestamp, Is.EqualTo((await Producer.FindAsync(task.Id)).FinishedAt));
        Assert.That(delivery.Links, Is.EqualTo(CallbackLinks.Of(task.Id, delivery.Id)));
        Assert.That((await Producer.FindAsync(delivery.Id)).Kind, Is.EqualTo(SendCallback.KindName), "it is a task as any other");
    }

    [Test]
    public async Task A_task_whose_end_is_told_links_to_its_callbacks_wherever_it_is_shown(CancellationToken cancellationToken)
    {
        var told = await Producer.SubmitAsync(""","callback":{"url":"https://example.com/"}""");
        var silent = await Producer.SubmitAsync();
        var link = $"/v1/tasks/{told.Id}/callbacks";
        Assert.That((told.Links.Callbacks, silent.Links.Callbacks), Is.EqualTo((link, default(string))));

        for (var ended = false; ; ended = true)
        {
            Assert.That((await Producer.FindAsync(told.Id)).Links.Callbacks, Is.EqualTo(link), $"ended: {ended}");
            Assert.That((await Producer.FindAsync(silent.Id)).Links.Callbacks, Is.Null);
            using var listed = await Producer.GetAsync($"/v1/tasks?ids={told.Id},{silent.Id}");
            Assert.That((await ReadAsync<TasksByIdResponse>(listed)).Items.Select(task => task.Links.Callbacks), Is.EqualTo([link, null]));
            using var stream = await Producer.OpenAsync($"/v1/tasks/{told.Id}/events", cancellationToken: cancellationToken);
            Assert.That((string?)(await stream.NextAsync(cancellationToken))!.Json["links"]!["callbacks"], Is.EqualTo(link));
            if (ended)
                break;
            await Producer.EndAsync(told.Id, TaskState.Failed, null, new TaskFailure("handler-error", "It broke.", false));
            await Producer.EndAsync(silent.Id);
        }

        using var raw = await Producer.GetAsync($"/v1/tasks/{silent.Id}");
        Assert.That(await raw.Content.ReadAsStringAsync(cancellationToken), Does.Contain("\"links\":").And.Not.Contain("callbacks"));
        using var retried = await Producer.PostAsync($"/v1/tasks/{told.Id}/retry", "");
        Assert.That((await ReadAsync<TaskResponse>(retried)).Links.Callbacks, Is.EqualTo(link), "open again");
    }

    [Test]
    public async Task In_a_batch_each_task_has_its_own()
    {
        using var endpoint = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"batched","url":"https://example.com/"}""");
        string[] lines =
        [
            "{" + Good + """, "callback": {"url":"https://example.com/1"}}""",
            "{" + Good + "}",
            "{" + Good + """, "callback": {"endpoint":"batched"}}""",
            "{" + Good + """, "callback": {"endpoint":"unknown"}}""",
            "{" + Good + """, "callback": {"url":"ftp://example.com/"}}""",
            "{" + Good + """, "callback": {"url":"https://example.com/2", "endpoint":"batched"}, "idempotencyKey":"x"}""",
        ];
        using var answer = await Producer.PostAsync("/v1/tasks/batch", string.Join('\n', lines), "application/x-ndjson");
        var answers = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToArray();

        Assert.That(answers.Select(a => a["status"]!.GetValue<int>()), Is.EqualTo([202, 202, 202, 422, 422, 422]));
        Assert.That(answers[3]["problem"]!["errors"]![0]!["pointer"]!.GetValue<string>(), Is.EqualTo("#/callback/endpoint"));
        Assert.That(answers[3]["problem"]!["type"]!.GetValue<string>(), Is.EqualTo(ProblemTypes.UnknownCallbackEndpoint));
        Assert.That(answers[4]["problem"]!["errors"]![0]!["pointer"]!.GetValue<string>(), Is.EqualTo("#/callback/url"));
        foreach (var (index, told) in new[] { (0, 1L), (1, 0L), (2, 1L) })
        {
            var id = answers[index]["id"]!.GetValue<Guid>();
            Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_callbacks WHERE task_id = '{id}'"), Is.EqualTo(told));
            Assert.That(await Producer.ScalarAsync($"SELECT callback FROM messaging.open_tasks WHERE id = '{id}'"), Is.EqualTo(told == 1));
        }
    }

    [TestCase("""{"url":"https://example.com/","hook":1}""", "#/callback/hook")]
    [TestCase("""{"url":7}""", "#/callback/url")]
    [TestCase("""{"url":null}""", "#/callback/url")]
    [TestCase("""{"url":"https://example.com/","url":"https://example.com/"}""", "#/callback/url")]
    [TestCase("""{"url":"https://example.com/","events":"task.failed"}""", "#/callback/events")]
    [TestCase("""{"url":"https://example.com/","events":[7]}""", "#/callback/events/0")]
    [TestCase("\"https://example.com/\"", "#/callback")]
    [TestCase("null", "#/callback")]
    public async Task A_wrong_shape_is_named(string callback, string at)
    {
        using var answer = await Producer.PostAsync("/v1/tasks", "{" + Good + $$""","callback":{{callback}}}""");
        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo(at));
    }

    [TestCase("{}", "#/callback")]
    [TestCase("""{"url":"https://example.com/","endpoint":"x"}""", "#/callback")]
    [TestCase("""{"url":"example.com"}""", "#/callback/url")]
    [TestCase("""{"url":"http://127.0.0.1/"}""", "#/callback/url")]
    [TestCase("""{"url":"http://10.0.0.1/"}""", "#/callback/url")]
    [TestCase("""{"url":"http://169.254.169.254/"}""", "#/callback/url")]
    [TestCase("""{"url":"https://a:b@example.com/"}""", "#/callback/url")]
    [TestCase("""{"endpoint":"Not A Name"}""", "#/callback/endpoint")]
    [TestCase("""{"url":"https://example.com/","events":[]}""", "#/callback/events")]
    [TestCase("""{"url":"https://example.com/","events":["task.failed","task.progress"]}""", "#/callback/events/1")]
    [TestCase("""{"url":"https://example.com/","secret":"whsec_c2hvcnQ="}""", "#/callback/secret")]
    public async Task A_wrong_value_is_named(string callback, string at)
    {
        using var answer = await Producer.PostAsync("/v1/tasks", "{" + Good + $$""","callback":{{callback}}}""");
        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo(at));
    }

    [Test]
    public async Task A_secret_is_in_no_answer_whatever_is_wrong_with_it()
    {
        const string Wrong = "whsec_thisIsNotBase64!";
        using var wrong = await Producer.PostAsync("/v1/tasks", "{" + Good + $$$""","callback":{"url":"https://example.com/","secret":"{{{Wrong}}}"}}""");
        Assert.That(await wrong.Content.ReadAsStringAsync(), Does.Not.Contain(Wrong).And.Contain("#/callback/secret"));
        using var misplaced = await Producer.PostAsync("/v1/tasks", "{" + Good + $$$""","callback":{"endpoint":"x","secret":"{{{Secret}}}"}}""");
        Assert.That(await misplaced.Content.ReadAsStringAsync(), Does.Not.Contain(Secret).And.Contain("#/callback/secret"));
        var task = await Producer.SubmitAsync($$""","callback":{"url":"https://example.com/","secret":"{{Secret}}"}""");
        using var seen = await Producer.GetAsync($"/v1/tasks/{task.Id}");
        Assert.That(await seen.Content.ReadAsStringAsync(), Does.Not.Contain(Secret));
    }

    [Test]
    public async Task A_callback_is_part_of_what_a_key_stands_for()
    {
        const string Key = ""","idempotencyKey":"told","callback":{"url":"https://example.com/1"}""";
        var task = await Producer.SubmitAsync(Key);
        Assert.That((await Producer.SubmitAsync(Key)).Id, Is.EqualTo(task.Id));
        using var other = await Producer.PostAsync("/v1/tasks", "{" + Good + Key.Replace("/1", "/2", StringComparison.Ordinal) + "}");
        await ProblemAsync(other, HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyKeyReused);
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_callbacks WHERE task_id = '{task.Id}'"), Is.EqualTo(1));
    }

    [Test]
    public async Task Nobody_submits_a_callback_itself()
    {
        await Producer.RegisterAsync(KindDescription.Of(typeof(SendCallback)));
        using var answer = await Producer.PostAsync("/v1/tasks", $$$"""{"kind":"messaging.callback","input":{"taskId":"{{{Guid.NewGuid()}}}"}}""");
        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo("#/kind"));
    }

    [Test]
    public async Task Of_an_unknown_task_there_is_nothing_to_tell()
    {
        using var unknown = await Producer.GetAsync($"/v1/tasks/{Guid.CreateVersion7(Producer.Get<Infrastructure.Store.Connections.LedgerClock>().Now)}/callbacks");
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
        using var noId = await Producer.GetAsync("/v1/tasks/x/callbacks");
        await ProblemAsync(noId, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }
}
