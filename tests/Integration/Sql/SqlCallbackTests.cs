using System.Net;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using Npgsql;

namespace Messaging.Tests.Integration.Sql;

/// <summary>The option <c>callback</c> by SQL is the member <c>callback</c> over HTTP: what is stored, what is refused, where.</summary>
public sealed class SqlCallbackTests : SqlSubmitTest
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [OneTimeSetUp]
    public async Task RegisterEndpoint()
    {
        using var made = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"orders","url":"https://example.com/orders","events":["task.failed"]}""");
        Assert.That(made.StatusCode, Is.EqualTo(HttpStatusCode.Created));
    }

    [TestCase("""{"url":"https://example.com/hook?a=b"}""")]
    [TestCase("""{"url":"https://bücher.example/ä","events":["task.failed","task.succeeded","task.failed"],"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}""")]
    [TestCase("""{"url":"http://8.8.8.8:8080","secret":"whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA=="}""")]
    [TestCase("""{"endpoint":"orders"}""")]
    [TestCase("""{"endpoint":"orders","events":["task.succeeded","task.failed","task.cancelled","task.expired"]}""")]
    public async Task It_is_stored_as_over_HTTP(string callback)
    {
        var http = await Producer.SubmitAsync($",\"callback\":{callback}");
        var sql = await SubmitAsync($"{{\"callback\":{callback}}}");

        const string row = "SELECT to_jsonb(c) - 'task_id' || jsonb_build_object('told', o.callback) FROM messaging.task_callbacks c JOIN messaging.open_tasks o ON o.id = c.task_id WHERE c.task_id = ";
        var stored = await Producer.ScalarAsync($"{row}'{sql}'");
        Assert.That(stored, Is.EqualTo(await Producer.ScalarAsync($"{row}'{http.Id}'")));
        Assert.That(JsonNode.Parse((string)stored!)!["told"]!.GetValue<bool>(), Is.True);
    }

    [Test]
    public async Task Its_end_is_told_and_of_a_task_without_one_nobody_is()
    {
        var told = await SubmitAsync("""{"callback":{"url":"https://example.com/hook","events":["task.succeeded"]}}""");
        var other = await SubmitAsync("""{"callback":{"endpoint":"orders"}}"""); // of failures alone
        var silent = await SubmitAsync();
        foreach (var id in new[] { told, other, silent })
            await Producer.EndAsync(id);

        using var answer = await Producer.GetAsync($"/v1/tasks/{told}/callbacks");
        var delivery = (await ProducerHarness.ReadAsync<TaskCallbacksResponse>(answer)).Items.Single();
        Assert.That((delivery.Type, delivery.State, delivery.Url), Is.EqualTo(("task.succeeded", TaskState.Queued, "https://example.com/hook")));
        Assert.That(await CountAsync($"callback_deliveries WHERE task_id IN ('{other}', '{silent}')"), Is.Zero);
        Assert.That(await CountAsync($"task_callbacks WHERE task_id = '{silent}'"), Is.Zero);
    }

    [Test]
    public async Task A_rollback_leaves_no_callback()
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var id = await SubmitAsync(connection, """{"callback":{"url":"https://example.com/rolled-back"}}""");
        await transaction.RollbackAsync();

        Assert.That(await CountAsync($"task_callbacks WHERE task_id = '{id}'"), Is.Zero);
        Assert.That(await CountAsync("task_callbacks WHERE url = 'https://example.com/rolled-back'"), Is.Zero);
    }

    [Test]
    public async Task Of_many_in_one_statement_each_has_its_own()
    {
        await using var connection = await ConnectAsync();
        await ExecuteAsync(connection, """
            SELECT messaging.submit('debug.echo', jsonb_build_object('message', i::text),
                       jsonb_build_object('callback', jsonb_build_object('url', 'https://many.example/' || i, 'events', jsonb_build_array('task.failed'))))
            FROM generate_series(1, 500) i
            """);

        Assert.That(await CountAsync("task_callbacks c JOIN messaging.tasks t ON t.id = c.task_id WHERE c.url = 'https://many.example/' || (t.input::json ->> 'message')"), Is.EqualTo(500));
    }

    [TestCase("\"https://example.com/\"")]
    [TestCase("null")]
    [TestCase("""{"url":"https://example.com/","hook":1}""")]
    [TestCase("""{"URL":"https://example.com/"}""")]
    [TestCase("""{"url":7}""")]
    [TestCase("""{"url":null}""")]
    [TestCase("""{"url":"https://example.com/","url":"https://example.com/"}""")]
    [TestCase("""{"url":"https://example.com/","events":"task.failed"}""")]
    [TestCase("""{"url":"https://example.com/","events":["task.failed",7]}""")]
    [TestCase("""{"url":"https://example.com/","secret":["x"]}""")]
    [TestCase("{}")]
    [TestCase("""{"url":"https://example.com/","endpoint":"orders"}""")]
    [TestCase("""{"url":""}""")]
    [TestCase("""{"url":"example.com"}""")]
    [TestCase("""{"url":"ftp://example.com/"}""")]
    [TestCase("""{"url":"http://127.0.0.1/"}""")]
    [TestCase("""{"url":"http://10.0.0.1/"}""")]
    [TestCase("""{"url":"http://169.254.169.254/latest"}""")]
    [TestCase("""{"url":"https://a:b@example.com/"}""")]
    [TestCase("""{"url":"https://example.com/#part"}""")]
    [TestCase("""{"endpoint":"Not A Name"}""")]
    [TestCase("""{"url":"https://example.com/","events":[]}""")]
    [TestCase("""{"url":"https://example.com/","events":["task.failed","task.progress"]}""")]
    [TestCase("""{"url":"https://example.com/","secret":"whsec_c2hvcnQ="}""")]
    [TestCase("""{"endpoint":"orders","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}""")]
    [TestCase("""{"endpoint":"nobody"}""")]
    public async Task It_is_refused_at_the_same_place_with_the_same_words_as_over_HTTP(string callback)
    {
        var tasks = await CountAsync("tasks");
        using var answer = await Producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","input":{{Input}},"callback":{{callback}}}""");
        var problem = await ProducerHarness.ReadAsync<Problem>(answer);
        var refusal = await RefusalAsync($"{{\"callback\":{callback}}}");

        var error = problem.Errors!.Single();
        Assert.Multiple(() =>
        {
            Assert.That(problem.Type, Does.EndWith($":{refusal.ConstraintName}"), refusal.MessageText);
            Assert.That($"#/{refusal.ColumnName}", Is.EqualTo(error.Pointer));
            Assert.That(refusal.SqlState, Is.EqualTo(problem.Type == ProblemTypes.UnknownCallbackEndpoint ? "42704" : "22023"));
            if (problem.Type == ProblemTypes.InvalidValue)
                Assert.That(refusal.MessageText, Does.EndWith($": {error.Detail}"));
        });
        Assert.That(await CountAsync("tasks"), Is.EqualTo(tasks));
    }

    [TestCase("whsec_thisIsNotBase64!", "url\":\"https://example.com/")]
    [TestCase(Secret, "endpoint\":\"orders")]
    [TestCase(Secret, "url\":\"http://127.0.0.1/")]
    public async Task A_secret_is_in_no_refusal(string secret, string with)
    {
        var refusal = await RefusalAsync($$$"""{"callback":{"{{{with}}}","secret":"{{{secret}}}"}}""");

        Assert.That(refusal.ToString(), Does.Not.Contain(secret));
        Assert.That(refusal.Detail, Is.Null);
    }

    [Test]
    public async Task Where_callbacks_may_go_beside_the_internet_is_as_the_producers_are_set_to()
    {
        Assert.That(await SettingAsync(Producer), Is.EqualTo("false false"));
        await using var generous = await ProducerHarness.StartAsync("--Messaging:Callbacks:AllowLoopback=true", "--Messaging:Callbacks:AllowPrivate=true");
        await Eventually.GetAsync(_ => SettingAsync(generous), set => set == "true true");
        foreach (var url in new[] { "http://localhost:1/", "http://127.1/", "http://[::1]/", "http://10.1.2.3/", "http://[fd00::1]/" })
            Assert.That(await generous.ScalarAsync(Submit(url)), Is.InstanceOf<Guid>(), url);
        Assert.That(
            async () => await generous.ScalarAsync(Submit("http://169.254.169.254/")),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.ColumnName)).EqualTo("callback/url"));

        static string Submit(string url) => $$$"""SELECT messaging.submit('debug.echo', '{"message":"x"}', '{"callback":{"url":"{{{url}}}"}}')""";

        static async Task<string?> SettingAsync(ProducerHarness producer) => (string?)await Eventually.GetAsync(
            _ => producer.ScalarAsync("SELECT string_agg(value, ' ' ORDER BY name) FROM messaging.settings WHERE name LIKE 'callbacks.allow-%' HAVING count(*) = 2"),
            set => set is string);
    }

    [Test]
    public async Task A_repetition_gets_its_task_though_its_endpoint_is_gone()
    {
        using var made = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"short-lived","url":"https://example.com/"}""");
        const string options = """{"idempotencyKey":"to-the-short-lived","callback":{"endpoint":"short-lived"}}""";
        var id = await SubmitAsync(options);
        using var deleted = await Producer.Client.DeleteAsync(new Uri("/v1/callback-endpoints/short-lived", UriKind.Relative));
        Assert.That(deleted.IsSuccessStatusCode, Is.True);

        Assert.That(await SubmitAsync(options), Is.EqualTo(id));
        Assert.That((await RefusalAsync(options.Replace("to-the", "again-to-the", StringComparison.Ordinal))).ConstraintName, Is.EqualTo("unknown-callback-endpoint"));
    }

    [Test]
    public async Task A_callback_is_part_of_what_a_key_stands_for_by_both_doors()
    {
        const string callback = ""","callback":{"url":"https://example.com/1","events":["task.failed"],"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}""";
        var bySql = await SubmitAsync($$"""{"idempotencyKey":"sql-first"{{callback}}}""");
        var overHttp = await Producer.SubmitAsync($",\"idempotencyKey\":\"http-first\"{callback}");
        using var replayed = await PostAsync("sql-first", callback);
        Assert.That((await ProducerHarness.ReadAsync<TaskResponse>(replayed)).Id, Is.EqualTo(bySql));
        Assert.That(replayed.Headers.GetValues("Idempotent-Replayed"), Is.EqualTo(new[] { "true" }));
        Assert.That(await SubmitAsync($$"""{"idempotencyKey":"http-first"{{callback}}}"""), Is.EqualTo(overHttp.Id));

        foreach (var other in new[] { "", callback.Replace("/1", "/2", StringComparison.Ordinal), callback.Replace("failed", "expired", StringComparison.Ordinal), callback.Replace("Sw\"", "SA\"", StringComparison.Ordinal) })
        {
            using var conflict = await PostAsync("sql-first", other);
            await ProducerHarness.ProblemAsync(conflict, HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyKeyReused);
            var refusal = await RefusalAsync($$"""{"idempotencyKey":"http-first"{{other}}}""");
            Assert.That((refusal.SqlState, refusal.ConstraintName), Is.EqualTo(("23505", "idempotency-key-reused")));
        }

        Assert.That(await CountAsync($"task_callbacks WHERE task_id IN ('{bySql}', '{overHttp.Id}')"), Is.EqualTo(2));
    }

    private Task<HttpResponseMessage> PostAsync(string key, string more) =>
        Producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","input":{{Input}},"idempotencyKey":"{{key}}"{{more}}}""");
}
