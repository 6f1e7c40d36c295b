using System.Net;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

public sealed class IdempotencyTests : ProducerTest
{
    private const string Body = """{"kind":"debug.echo","input":{"message":"hi","failTimes":0}}""";

    [Test]
    public async Task A_repeated_request_gets_its_task_as_it_is_by_then()
    {
        using var first = await PostAsync("\"order-1\"", Body);
        using var again = await PostAsync("\"order-1\"", Body);
        var task = await ReadAsync<TaskResponse>(first);
        var same = await ReadAsync<TaskResponse>(again);
        await Producer.EndAsync(task.Id);
        using var afterwards = await PostAsync("order-1", Body);

        Assert.Multiple(() =>
        {
            Assert.That(first.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            Assert.That(first.Headers.Contains("Idempotent-Replayed"), Is.False);
            Assert.That(again.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            Assert.That(again.Headers.GetValues("Idempotent-Replayed"), Is.EqualTo(new[] { "true" }));
            Assert.That(again.Headers.Location, Is.EqualTo(first.Headers.Location));
            Assert.That(again.Headers.RetryAfter, Is.Not.Null);
            Assert.That(same.Id, Is.EqualTo(task.Id));
            Assert.That(same.Input.ToString(), Is.EqualTo(task.Input.ToString()));
            Assert.That(afterwards.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(afterwards.Headers.GetValues("Idempotent-Replayed"), Is.EqualTo(new[] { "true" }));
        });
        Assert.That((await ReadAsync<TaskResponse>(afterwards)).State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task A_repetition_that_waits_gets_the_end()
    {
        using var first = await PostAsync("waits", Body);
        var task = await ReadAsync<TaskResponse>(first);
        var waiting = PostAsync("waits", Body, ("Prefer", "respond-async, wait=30"));
        await Producer.EndAsync(task.Id);
        using var ended = await waiting;

        Assert.That(ended.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(ended.Headers.GetValues("Preference-Applied"), Is.EqualTo(new[] { "wait=30" }));
        Assert.That((await ReadAsync<TaskResponse>(ended)).Id, Is.EqualTo(task.Id));
    }

    [TestCase("""{ "input": {"failTimes":0, "message":"h\u0069"}, "kind":"debug.echo" }""", true, TestName = "White space, order and escapes do not count")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"hi","failTimes":0},"idempotencyKey":"KEY"}""", true, TestName = "Header and member may agree")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"ho","failTimes":0}}""", false, TestName = "The input counts")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"hi","failTimes":0},"queue":"default"}""", false, TestName = "An option counts, even if it says the default")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"hi","failTimes":0},"delay":"PT1H"}""", false, TestName = "A delay counts")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"hi","failTimes":0},"tags":["a"]}""", false, TestName = "Tags count")]
    public async Task Whether_a_request_is_the_same_is_told_by_what_it_asks_for(string body, bool same)
    {
        var key = $"key-{Guid.NewGuid()}";
        using var first = await PostAsync(key, Body);
        var task = await ReadAsync<TaskResponse>(first);
        using var second = await PostAsync(key, body.Replace("KEY", key, StringComparison.Ordinal));

        if (same)
        {
            Assert.That((await ReadAsync<TaskResponse>(second)).Id, Is.EqualTo(task.Id));
        }
        else
        {
            var problem = await ProblemAsync(second, HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyKeyReused);
            Assert.That(problem.TaskId, Is.EqualTo(task.Id));
        }
    }

    [TestCase("\"a b\"", "a b")]
    [TestCase("\"say \\\"hi\\\" \\\\\"", "say \"hi\" \\")]
    [TestCase("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324")]
    [TestCase("\"with-parameter\";v=1", "with-parameter")]
    public async Task A_key_in_quotation_marks_or_bare_is_the_member_of_the_same_name(string header, string member)
    {
        using var first = await PostAsync(header, Body);
        using var second = await PostAsync(null, Body[..^1] + $",\"idempotencyKey\":{JsonSerializer.Serialize(member)}}}");

        Assert.That(second.Headers.Contains("Idempotent-Replayed"), await second.Content.ReadAsStringAsync());
        Assert.That((await ReadAsync<TaskResponse>(second)).Id, Is.EqualTo((await ReadAsync<TaskResponse>(first)).Id));
    }

    [TestCase("")]
    [TestCase("\"\"")]
    [TestCase("\"open")]
    [TestCase("\"a\" b")]
    [TestCase("\"a\\x\"")]
    [TestCase("a b")]
    [TestCase("a,b")]
    [TestCase("a\"b")]
    [TestCase("\"a\tb\"")]
    [TestCase("LONG")]
    public async Task A_bad_key_in_the_header_is_refused_with_its_name(string header)
    {
        using var answer = await PostAsync(header == "LONG" ? new string('k', 256) : header, Body);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Header, Is.EqualTo("Idempotency-Key"));
    }

    [TestCase("\"\"")]
    [TestCase("\"a\\u0000\"")]
    [TestCase("\"a\\nb\"")]
    [TestCase("\"\\ud800\"")]
    [TestCase("LONG")]
    public async Task A_bad_key_in_the_body_is_refused_with_its_member(string value)
    {
        var member = value == "LONG" ? $"\"{new string('k', 256)}\"" : value;
        using var answer = await PostAsync(null, Body[..^1] + $",\"idempotencyKey\":{member}}}");

        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo("#/idempotencyKey"));
    }

    [Test]
    public async Task Two_keys_that_differ_are_refused()
    {
        using var answer = await PostAsync("one", Body[..^1] + ",\"idempotencyKey\":\"two\"}");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo("#/idempotencyKey"));
    }

    [Test]
    public async Task A_key_for_a_whole_batch_is_refused_with_the_way_out()
    {
        using var answer = await PostAsync("k", $"[{Body}]", path: "/v1/tasks/batch");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Header, Is.EqualTo("Idempotency-Key"));
        Assert.That(problem.Detail, Does.Contain("idempotencyKey"));
    }

    [TestCase("application/x-ndjson")]
    [TestCase("application/json")]
    public async Task In_a_batch_each_task_has_its_own_key(string type)
    {
        var suffix = Guid.NewGuid();
        string[] lines =
        [
            Line("first", $"a-{suffix}"), Line("first", $"a-{suffix}"), Line("bad", "\\u0001"), Line("second", $"b-{suffix}"),
            """{"kind":"debug.echo","input":{"message":"no key"}}""",
        ];

        var answers = await BatchAsync(lines, type);
        var again = await BatchAsync([.. lines, Line("other", $"a-{suffix}")], type);

        Assert.Multiple(() =>
        {
            Assert.That(answers.Select(a => a.Status), Is.EqualTo(new[] { 202, 202, 422, 202, 202 }));
            // Lines with one key are submitted side by side: one of them makes the task, whichever is first.
            Assert.That(answers.Take(2).Select(a => a.Replayed), Is.EquivalentTo(new bool?[] { null, true }));
            Assert.That(answers.Skip(2).Select(a => a.Replayed), Is.All.Null);
            Assert.That(answers[1].Id, Is.EqualTo(answers[0].Id));
            Assert.That(answers[2].Problem?.Type, Is.EqualTo(ProblemTypes.InvalidValue));
            Assert.That(again.Select(a => a.Replayed), Is.EqualTo(new bool?[] { true, true, null, true, null, null }));
            Assert.That((again[0].Id, again[3].Id), Is.EqualTo((answers[0].Id, answers[3].Id)));
            Assert.That(again[4].Id, Is.Not.EqualTo(answers[4].Id));
            Assert.That((again[5].Status, again[5].Problem?.Type, again[5].Problem?.TaskId), Is.EqualTo((422, ProblemTypes.IdempotencyKeyReused, answers[0].Id)));
            Assert.That(again[5].Problem?.Errors?.Single().Pointer, Is.EqualTo("#/idempotencyKey"));
        });
    }

    [Test]
    public async Task A_repetition_gets_its_task_though_the_request_would_be_refused_by_now()
    {
        var deadline = (DateTime)(await Producer.ScalarAsync("SELECT now() + interval '1 second'"))!;
        var body = Body[..^1] + $",\"deadline\":\"{deadline:yyyy-MM-ddTHH:mm:ss.fffZ}\",\"idempotencyKey\":\"late-{deadline.Ticks}\"}}";
        using var first = await PostAsync(null, body);
        var task = await ReadAsync<TaskResponse>(first);
        using var expired = await Producer.GetAsync($"/v1/tasks/{task.Id}?wait=PT30S");
        using var again = await PostAsync(null, body);
        using var other = await PostAsync(null, body.Replace("\"hi\"", "\"ho\"", StringComparison.Ordinal));
        var inBatch = await BatchAsync([body], "application/x-ndjson");

        Assert.That(again.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await ReadAsync<TaskResponse>(again)).Id, Is.EqualTo(task.Id));
        Assert.That((inBatch.Single().Id, inBatch.Single().Replayed), Is.EqualTo(((Guid?)task.Id, (bool?)true)));
        await ProblemAsync(other, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
    }

    [Test]
    public async Task A_task_that_was_removed_is_gone_and_not_run_again()
    {
        using var first = await PostAsync("removed", Body);
        var task = await ReadAsync<TaskResponse>(first);
        await Producer.EndAsync(task.Id);
        using var removed = await Producer.Client.DeleteAsync(new Uri($"/v1/tasks/{task.Id}", UriKind.Relative));
        using var again = await PostAsync("removed", Body);

        var problem = await ProblemAsync(again, HttpStatusCode.Gone, ProblemTypes.TaskRemoved);
        Assert.That(problem.TaskId, Is.EqualTo(task.Id));
    }

    [Test]
    public async Task A_key_that_stays_undecided_answers_409()
    {
        await using var somebody = new Npgsql.NpgsqlConnection(Producer.App.Configuration["Messaging:Postgres"]!);
        await somebody.OpenAsync();
        await using var open = await somebody.BeginTransactionAsync();
        await using (var take = new Npgsql.NpgsqlCommand(
            $"INSERT INTO messaging.idempotency_keys VALUES ('{Guid.NewGuid()}', '{Guid.NewGuid()}', now() + interval '1 day', '', 'undecided')", somebody, open))
            await take.ExecuteNonQueryAsync();

        using var answer = await PostAsync("undecided", Body);

        var problem = await ProblemAsync(answer, HttpStatusCode.Conflict, ProblemTypes.IdempotencyKeyUndecided);
        Assert.That(answer.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(problem.RetryAfter, Is.EqualTo(1));
    }

    [Test]
    public async Task Settings_that_can_not_be_stop_the_start() =>
        Assert.That(
            async () => await StartOnAsync(Producer.App.Configuration["Messaging:Postgres"]!, null, "--Messaging:Idempotency:KeepFor=00:00:01"),
            Throws.InstanceOf<Microsoft.Extensions.Options.OptionsValidationException>().With.Message.Contains("Messaging:Idempotency:KeepFor"));

    private static string Line(string message, string key) =>
        $$"""{"kind":"debug.echo","input":{"message":"{{message}}"},"idempotencyKey":"{{key}}"}""";

    private async Task<IReadOnlyList<BatchAnswer>> BatchAsync(string[] lines, string type)
    {
        using var answer = await Producer.PostAsync(
            "/v1/tasks/batch", type == "application/json" ? $"[{string.Join(',', lines)}]" : string.Join('\n', lines), type);
        var text = await answer.Content.ReadAsStringAsync();
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<BatchAnswer>(line, HttpJson.Options)!)];
    }

    private async Task<HttpResponseMessage> PostAsync(string? key, string body, (string Name, string Value)? header = null, string path = "/v1/tasks")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        if (header is { } more)
            request.Headers.TryAddWithoutValidation(more.Name, more.Value);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await Producer.Client.SendAsync(request);
    }
}
