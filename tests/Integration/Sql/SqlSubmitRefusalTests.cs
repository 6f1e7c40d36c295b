using System.Globalization;
using System.Text;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Tests.Integration.Sql;

/// <summary>What is wrong is said with an SQLSTATE, the problem's type, the option and the way out, and nothing is stored.</summary>
public sealed class SqlSubmitRefusalTests : SqlSubmitTest
{
    [TestCase("""{"queu":"mail"}""", "22023", "invalid-request", "queu", "The options are queue, delay")]
    [TestCase("""{"run_at":"2030-01-01T00:00:00Z"}""", "22023", "invalid-request", "run_at", "Did you mean 'runAt'?")]
    [TestCase("""{"Queue":"mail"}""", "22023", "invalid-request", "Queue", "Did you mean 'queue'?")]
    [TestCase("""{"callback":"http://x"}""", "22023", "invalid-request", "callback", null)]
    [TestCase("""{"callback":{"uri":"http://x"}}""", "22023", "invalid-request", "callback/uri", "Its members are url, endpoint")]
    [TestCase("""{"callback":{"URL":"http://x"}}""", "22023", "invalid-request", "callback/URL", "Did you mean 'url'?")]
    [TestCase("""{"callback":{"url":null,"endpoint":"x"}}""", "22023", "invalid-request", "callback/url", "jsonb_strip_nulls")]
    [TestCase("""{"callback":{"endpoint":"nobody"}}""", "42704", "unknown-callback-endpoint", "callback/endpoint", "GET /v1/callback-endpoints")]
    [TestCase("""{"callback":{"url":"https://x.example/\u0000"}}""", "22023", "invalid-value", "", null)]
    [TestCase("""{"tags":["\ud800"]}""", "22023", "invalid-value", "", null)]
    [TestCase("""{"priority":"high"}""", "0A000", "not-built-yet", "priority", null)]
    [TestCase("""{"queue":"mail","queue":"mail"}""", "22023", "invalid-request", "queue", null)]
    [TestCase("""{"queue":null}""", "22023", "invalid-request", "queue", "jsonb_strip_nulls")]
    [TestCase("""{"queue":"Mail"}""", "22023", "invalid-value", "queue", null)]
    [TestCase("{\"queue\":\"mail\\n\"}", "22023", "invalid-value", "queue", null)]
    [TestCase("""{"delay":30}""", "22023", "invalid-request", "delay", "PT30S")]
    [TestCase("""{"delay":"30"}""", "22023", "invalid-value", "delay", null)]
    [TestCase("""{"delay":"P1M"}""", "22023", "invalid-value", "delay", null)]
    [TestCase("""{"delay":"1 month"}""", "22023", "invalid-value", "delay", null)]
    [TestCase("""{"delay":"-PT1S"}""", "22023", "invalid-value", "delay", null)]
    [TestCase("""{"delay":"P367D"}""", "22023", "invalid-value", "delay", null)]
    [TestCase("""{"delay":"soon"}""", "22023", "invalid-value", "delay", null)]
    [TestCase("""{"delay":"PT1H","runAt":"2030-01-01T00:00:00Z"}""", "22023", "invalid-value", "delay", null)]
    [TestCase("""{"runAt":"2030-01-01"}""", "22023", "invalid-value", "runAt", null)]
    [TestCase("""{"runAt":"2030-01-01T00:00:00"}""", "22023", "invalid-value", "runAt", null)]
    [TestCase("""{"runAt":"2030-02-31T00:00:00Z"}""", "22023", "invalid-value", "runAt", null)]
    [TestCase("""{"runAt":"2300-01-01T00:00:00Z"}""", "22023", "invalid-value", "runAt", null)]
    [TestCase("""{"timeout":"PT0S"}""", "22023", "invalid-value", "timeout", null)]
    [TestCase("""{"timeout":"PT25H"}""", "22023", "invalid-value", "timeout", null)]
    [TestCase("""{"deadline":"2020-01-01T00:00:00Z"}""", "22023", "invalid-value", "deadline", null)]
    [TestCase("""{"delay":"P300D","deadline":"LATER"}""", "22023", "invalid-value", "deadline", null)]
    [TestCase("""{"maxAttempts":0}""", "22023", "invalid-value", "maxAttempts", null)]
    [TestCase("""{"maxAttempts":101}""", "22023", "invalid-value", "maxAttempts", null)]
    [TestCase("""{"maxAttempts":1.5}""", "22023", "invalid-value", "maxAttempts", null)]
    [TestCase("""{"maxAttempts":"3"}""", "22023", "invalid-request", "maxAttempts", null)]
    [TestCase("""{"tags":"a"}""", "22023", "invalid-request", "tags", null)]
    [TestCase("""{"tags":["a",1]}""", "22023", "invalid-value", "tags", null)]
    [TestCase("""{"tags":["a","a"]}""", "22023", "invalid-value", "tags", null)]
    [TestCase("""{"tags":[""]}""", "22023", "invalid-value", "tags", null)]
    [TestCase("{\"tags\":[\"a\\u0007\"]}", "22023", "invalid-value", "tags", null)]
    [TestCase("""{"tags":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17","18","19","20","21"]}""", "22023", "invalid-value", "tags", null)]
    [TestCase("""{"idempotencyKey":""}""", "22023", "invalid-value", "idempotencyKey", null)]
    [TestCase("""{"traceParent":"x"}""", "22023", "invalid-value", "traceParent", null)]
    [TestCase("""["queue"]""", "22023", "invalid-request", "", null)]
    [TestCase("""{"queue":""", "22032", "malformed-json", "", null)]
    public async Task An_option_that_can_not_be_is_refused_by_its_name(string options, string state, string problem, string option, string? hint)
    {
        var before = await CountAsync("tasks");
        var later = Producer.Get<LedgerClock>().Now.AddDays(299);
        var refusal = await RefusalAsync(options.Replace("LATER", later.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), StringComparison.Ordinal));

        Assert.Multiple(() =>
        {
            Assert.That((refusal.SqlState, refusal.ConstraintName, refusal.ColumnName ?? ""), Is.EqualTo((state, problem, option)), refusal.MessageText);
            Assert.That(refusal.Hint ?? "", Does.Contain(hint ?? ""));
            Assert.That(refusal.MessageText, Does.Contain(option[(option.IndexOf('/', StringComparison.Ordinal) + 1)..]));
        });
        Assert.That(await CountAsync("tasks"), Is.EqualTo(before));
    }

    [Test]
    public async Task An_unknown_kind_is_refused_with_the_nearest_known_ones()
    {
        var refusal = await RefusalAsync(kind: "debug.ecco");

        Assert.Multiple(() =>
        {
            Assert.That((refusal.SqlState, refusal.ConstraintName), Is.EqualTo(("42704", "unknown-kind")));
            Assert.That(refusal.MessageText, Does.Contain("debug.ecco"));
            Assert.That(refusal.Hint, Does.StartWith("The nearest known ones: debug.echo"));
        });
    }

    [Test]
    public async Task What_the_ledger_makes_by_itself_is_refused()
    {
        var refusal = await RefusalAsync(kind: "messaging.callback", input: "{}");
        Assert.That((refusal.SqlState, refusal.ConstraintName), Is.EqualTo(("22023", "invalid-value")), refusal.MessageText);
    }

    [Test]
    public async Task An_input_that_is_too_large_is_refused_with_the_way_out()
    {
        var largest = $$"""{"message":"{{new string('x', LargeTexts.Most - 14)}}"}""";
        Assert.That(Encoding.UTF8.GetByteCount(largest), Is.EqualTo(LargeTexts.Most));
        var refusal = await RefusalAsync(input: largest + " ");

        Assert.Multiple(() =>
        {
            Assert.That((refusal.SqlState, refusal.ConstraintName), Is.EqualTo(("54000", "too-large")));
            Assert.That(refusal.MessageText, Does.Contain("16777217"));
            Assert.That(refusal.Hint, Does.Contain("/v1/files"));
        });
        Assert.That((await Producer.FindAsync(await SubmitAsync(input: largest))).Input.ToString(), Is.EqualTo(largest));
    }

    [TestCase("{\"message\": \"open", "22032", "malformed-json")]
    [TestCase("", "22032", "malformed-json")]
    [TestCase("{'message': 'x'}", "22032", "malformed-json")]
    [TestCase("@file:0192d3a0-0000-7000-8000-000000000000", "22032", "malformed-json")]
    [TestCase("{\"message\": \"a\\u0000b\"}", "22023", "invalid-input")]
    [TestCase("{\"message\": \"a\\\\\\u0000b\"}", "22023", "invalid-input")]
    [TestCase("{\"message\": \"\\ud83d\"}", "22023", "invalid-input")]
    [TestCase("{\"message\": \"\\uDE00\"}", "22023", "invalid-input")]
    [TestCase("DEEP", "22023", "invalid-input")]
    [TestCase("DEEPER", "22032", "malformed-json")]
    [TestCase(null, "22004", "invalid-request")]
    public async Task An_input_that_no_handler_could_read_is_refused(string? input, string state, string problem)
    {
        var refusal = await RefusalAsync(input: input switch { "DEEP" => Nested(65), "DEEPER" => Nested(100_000), _ => input });

        Assert.That((refusal.SqlState, refusal.ConstraintName), Is.EqualTo((state, problem)), refusal.MessageText);
    }

    [TestCase("{\"message\": \"a\\\\u0000b\"}")]
    [TestCase("{\"message\": \"\\ud83d\\uDE00 and \\\\ud83d\"}")]
    [TestCase("{\"message\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}")]
    [TestCase("NESTED")]
    public async Task What_only_looks_like_that_is_taken(string input)
    {
        input = input == "NESTED" ? Nested(64) : input;
        var id = await SubmitAsync(input: input);

        Assert.That(await Producer.ScalarAsync($"SELECT input FROM messaging.tasks WHERE id = '{id}'"), Is.EqualTo(input));
    }

    [Test]
    public async Task The_limits_on_texts_are_those_of_HTTP()
    {
        // Counted in UTF-16 units: 50 of these are 100.
        var fits = string.Concat(Enumerable.Repeat("😀", 50));
        Assert.That(Names.IsTag(fits) && !Names.IsTag(fits + "x"));
        await SubmitAsync($$"""{"tags":["{{fits}}"]}""");

        Assert.That((await RefusalAsync($$"""{"tags":["{{fits}}x"]}""")).ColumnName, Is.EqualTo("tags"));
    }

    [Test]
    public async Task Without_a_partition_for_today_it_says_so()
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, """
            DO $$ BEGIN EXECUTE format('ALTER TABLE messaging.tasks_%s RENAME TO elsewhere', to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')); END $$
            """);

        Assert.That(
            async () => await SubmitAsync(connection),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo("55000"));
    }

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
