using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Http;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;

namespace Messaging.Tests.Integration.Sql;

/// <summary>An idempotency key is one key for all doors.</summary>
public sealed class SqlSubmitKeyTests : SqlSubmitTest
{
    [Test]
    public async Task A_repetition_gets_the_id_of_the_task_that_is_there()
    {
        var options = WithKey();
        var first = await SubmitAsync(options);
        var again = await SubmitAsync(options, """ { "message" : "h\u0065llo" } """);

        Assert.That(again, Is.EqualTo(first));
        Assert.That(await CountAsync($"tasks WHERE id >= '{first}' AND input LIKE '%h_u0065llo%'"), Is.Zero);
    }

    [Test]
    public async Task Another_request_with_the_key_is_refused_with_the_task_that_has_it()
    {
        var options = WithKey();
        var first = await SubmitAsync(options);
        var refusal = await RefusalAsync(options, """{"message":"another"}""");

        Assert.That((refusal.SqlState, refusal.ConstraintName, refusal.ColumnName), Is.EqualTo(("23505", "idempotency-key-reused", "idempotencyKey")));
        Assert.That(refusal.MessageText, Does.Contain(first.ToString()));
    }

    [Test]
    public async Task A_key_is_the_same_over_HTTP_and_by_SQL()
    {
        var options = WithKey(",\"delay\":\"PT1H\",\"tags\":[\"x\",\"é😀\"]");
        var bySql = await SubmitAsync(options);
        using var overHttp = await PostAsync(options);
        Assert.That(overHttp.Headers.GetValues("Idempotent-Replayed"), Is.EqualTo(new[] { "true" }));
        Assert.That((await ProducerHarness.ReadAsync<TaskResponse>(overHttp)).Id, Is.EqualTo(bySql));

        var others = WithKey();
        using var first = await PostAsync(others);
        Assert.That(await SubmitAsync(others), Is.EqualTo((await ProducerHarness.ReadAsync<TaskResponse>(first)).Id));
        Assert.That((await RefusalAsync(others, """{"message":"another"}""")).ConstraintName, Is.EqualTo("idempotency-key-reused"));
    }

    [Test]
    public async Task A_request_has_the_same_fingerprint_in_SQL_as_in_CSharp()
    {
        using var endpoint = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"keyed","url":"https://example.com/"}""");
        var random = new Random(20_261_126);
        await using var connection = await ConnectAsync();
        for (var i = 0; i < 300; i++)
        {
            var input = RandomJson.Text(random);
            string[] more = ["", ",\"queue\":\"mail\"", ",\"delay\":\"PT1M0.1234567S\"", ",\"delay\":\"P2W\"", ",\"runAt\":\"2026-01-02T03:04:05.1234567+05:30\"",
                ",\"timeout\":\"PT1H30M\"", ",\"maxAttempts\":3", ",\"tags\":[]", ",\"tags\":[\"b\",\"a\"]", ",\"deadline\":\"2040-01-01T00:00:00Z\"",
                ",\"callback\":{\"url\":\"https://b\\u00fccher.example/é\"}", ",\"callback\":{\"events\":[\"task.failed\",\"task.succeeded\"],\"endpoint\":\"keyed\"},\"tags\":[\"a\"]",
                ",\"callback\":{\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\",\"url\":\"https://example.com\"}"];
            var options = WithKey(more[i % more.Length]);
            var id = await SubmitAsync(connection, options, input);
            Assert.That(SubmitTaskReader.TryRead(Encoding.UTF8.GetBytes(Request(options, input)), out var request, out var problem), problem?.Detail);
            var stored = await Producer.ScalarAsync($"SELECT fingerprint FROM messaging.idempotency_keys WHERE task_id = '{id}'");
            Assert.That(stored, Is.EqualTo(RequestFingerprint.Of(request!)), $"{input} {options}");
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Whoever_comes_while_the_first_is_open_waits_for_its_end(bool commit)
    {
        var options = WithKey();
        await using var one = await ConnectAsync();
        await using var other = await ConnectAsync();
        await using var transaction = await one.BeginTransactionAsync();
        var first = await SubmitAsync(one, options);
        var second = SubmitAsync(other, options);
        await Eventually.TrueAsync(async _ => (long)(await Producer.ScalarAsync($"SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = {other.ProcessID}"))! > 0);
        Assert.That(second.IsCompleted, Is.False);
        if (commit)
            await transaction.CommitAsync();
        else
            await transaction.RollbackAsync();

        Assert.That(await second == first, Is.EqualTo(commit));
        Assert.That(await CountAsync($"tasks WHERE id = '{await second}'"), Is.EqualTo(1));
    }

    [Test]
    public async Task Over_HTTP_a_key_in_an_open_transaction_is_undecided()
    {
        var options = WithKey();
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var first = await SubmitAsync(connection, options);
        using var undecided = await PostAsync(options);
        await transaction.CommitAsync();
        using var decided = await PostAsync(options);

        Assert.That(undecided.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((await ProducerHarness.ReadAsync<TaskResponse>(decided)).Id, Is.EqualTo(first));
    }

    [Test]
    public async Task A_hundred_at_once_with_one_key_make_one_task()
    {
        var options = WithKey();
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            await using var connection = await ConnectAsync();
            var mine = new List<Guid>();
            for (var i = 0; i < 5; i++)
                mine.Add(await SubmitAsync(connection, options));
            return mine;
        }));

        Assert.That(ids.SelectMany(i => i).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_repetition_gets_its_task_even_if_it_would_be_refused_by_now()
    {
        var key = Guid.NewGuid();
        var deadline = Producer.Get<LedgerClock>().Now.AddSeconds(1.5).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var options = $$"""{"idempotencyKey":"{{key}}","deadline":"{{deadline}}"}""";
        var first = await SubmitAsync(options);
        await Eventually.GetAsync(_ => Producer.ScalarAsync($"SELECT clock_timestamp() > '{deadline}'"), passed => passed is true);

        Assert.That(await SubmitAsync(options), Is.EqualTo(first));
    }

    [Test]
    public async Task A_key_is_kept_for_as_long_as_the_producers_are_set_to_and_then_free()
    {
        var options = WithKey();
        var first = await SubmitAsync(options);
        var kept = await Producer.ScalarAsync($"SELECT extract(epoch FROM expires_at - clock_timestamp())::float8 FROM messaging.idempotency_keys WHERE task_id = '{first}'");
        await Producer.ScalarAsync($"UPDATE messaging.idempotency_keys SET expires_at = now() WHERE task_id = '{first}'");

        Assert.That(kept, Is.EqualTo(TimeSpan.FromHours(24).TotalSeconds).Within(60));
        Assert.That(await SubmitAsync(options), Is.Not.EqualTo(first));
        Assert.That(await Producer.ScalarAsync("SELECT value FROM messaging.settings WHERE name = 'idempotency.keep-for'"), Is.EqualTo("86400 seconds"));
    }

    private static string WithKey(string more = "") => $"{{\"idempotencyKey\":\"key-{Guid.NewGuid()}\"{more}}}";

    private static string Request(string options, string input)
    {
        _ = JsonNode.Parse(options);
        return $"{{\"kind\":\"debug.echo\",\"input\":{input},{options[1..]}";
    }

    private Task<HttpResponseMessage> PostAsync(string options) => Producer.PostAsync("/v1/tasks", Request(options, Input));

    /// <summary>JSON of all sorts, written in all ways.</summary>
    private static class RandomJson
    {
        private static readonly string[] Texts =
            ["a", "b", "", "é", "ÿ", "\\u00e9", "\\n\\t", "\\\"", "\\\\u0041", "😀", "\\ud83d\\ude00", "\uffee", "\ue000", "\ud7ff", "z", "aa", "A", "\\/", "𐀀x", "\\u0061"];

        private static readonly string[] Numbers = ["0", "-0", "1", "1.0", "1e0", "1E+2", "-12.50", "123456789012345678901234567890", "0.1e-7"];
        private static readonly string[] Spaces = ["", "", "", " ", "\n", "\t \r\n"];

        public static string Text(Random random) => Space(random) + Value(random, 4) + Space(random);

        private static string Value(Random random, int depth) => random.Next(depth <= 0 ? 5 : 8) switch
        {
            0 => "null",
            1 => "true",
            2 => "false",
            3 => Numbers[random.Next(Numbers.Length)],
            4 => $"\"{Texts[random.Next(Texts.Length)]}{Texts[random.Next(Texts.Length)]}\"",
            5 => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Space(random) + Value(random, depth - 1) + Space(random)))}]",
            _ => $"{{{string.Join(',', Texts.OrderBy(_ => random.Next()).Take(random.Next(8)).Select(name => $"{Space(random)}\"{name}\"{Space(random)}:{Space(random)}{Value(random, depth - 1)}{Space(random)}"))}}}",
        };

        private static string Space(Random random) => Spaces[random.Next(Spaces.Length)];
    }
}
