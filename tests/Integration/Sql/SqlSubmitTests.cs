using System.Diagnostics;
using System.Globalization;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Support;
using Npgsql;

namespace Messaging.Tests.Integration.Sql;

/// <summary>A task submitted by SQL belongs to its transaction, and is otherwise a task like any other.</summary>
public sealed class SqlSubmitTests : SqlSubmitTest
{
    [OneTimeSetUp]
    public async Task MakeOrders()
    {
        await using var connection = await ConnectAsync();
        await ExecuteAsync(connection, "CREATE TABLE orders (id text PRIMARY KEY, task uuid)");
    }

    [Test]
    public async Task A_task_and_the_callers_rows_are_there_together_after_the_commit_and_not_before()
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var id = await SubmitAsync(connection);
        await ExecuteAsync(connection, $"INSERT INTO orders VALUES ('committed', '{id}')");
        var before = await CountAsync($"tasks WHERE id = '{id}'");
        await transaction.CommitAsync();

        Assert.That(before, Is.Zero);
        Assert.That((await Producer.FindAsync(id)).State, Is.EqualTo(TaskState.Queued));
        Assert.That(await Producer.ScalarAsync("SELECT task FROM orders WHERE id = 'committed'"), Is.EqualTo(id));
    }

    [Test]
    public async Task A_rollback_leaves_neither_a_task_nor_a_row_nor_a_key()
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var id = await SubmitAsync(connection, """{"tags": ["rolled-back"], "idempotencyKey": "rolled-back"}""");
        await ExecuteAsync(connection, $"INSERT INTO orders VALUES ('rolled-back', '{id}')");
        await transaction.RollbackAsync();

        await AssertNothingOfAsync(id);
        Assert.That(await CountAsync("task_tags WHERE tag = 'rolled-back'"), Is.Zero);
        Assert.That(await CountAsync("idempotency_keys WHERE key = 'rolled-back'"), Is.Zero);
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM orders WHERE id = 'rolled-back'"), Is.Zero);
    }

    [Test]
    public async Task A_savepoint_takes_back_what_came_after_it()
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var kept = await SubmitAsync(connection);
        await transaction.SaveAsync("here");
        var dropped = await SubmitAsync(connection);
        await transaction.RollbackAsync("here");
        await transaction.SaveAsync("again");
        Assert.That(async () => await SubmitAsync(connection, kind: "no.such"), Throws.InstanceOf<PostgresException>());
        await transaction.RollbackAsync("again");
        var after = await SubmitAsync(connection);
        await transaction.CommitAsync();

        Assert.That((await Producer.FindAsync(kept)).Id, Is.EqualTo(kept));
        Assert.That((await Producer.FindAsync(after)).Id, Is.EqualTo(after));
        await AssertNothingOfAsync(dropped);
    }

    [Test]
    public async Task It_looks_like_the_same_task_submitted_over_HTTP()
    {
        var later = Producer.Get<LedgerClock>().Now.AddDays(30).ToOffset(TimeSpan.FromHours(2)).ToString("yyyy-MM-ddTHH:mm:ss.fffffffzzz", CultureInfo.InvariantCulture);
        var options = $"""
            "queue":"mail","timeout":"PT1M30S","deadline":"2040-01-01T00:00:00.1239Z","maxAttempts":7,"tags":["a","b c"],"runAt":"{later}"
            """;
        var http = await Producer.SubmitAsync($",{options}");
        var sql = await Producer.FindAsync(await SubmitAsync($"{{{options}}}"));

        Assert.Multiple(() =>
        {
            Assert.That(sql with { Id = http.Id, CreatedAt = http.CreatedAt, Links = http.Links, Input = http.Input, Tags = http.Tags }, Is.EqualTo(http));
            Assert.That(sql.Tags, Is.EqualTo(http.Tags));
            Assert.That(sql.Input.ToString(), Is.EqualTo(http.Input.ToString()));
            Assert.That(sql.CreatedAt, Is.EqualTo(http.CreatedAt).Within(TimeSpan.FromSeconds(10)));
        });
        const string row = "SELECT to_jsonb(t) - 'id' - 'created_at' - 'trace_parent' || to_jsonb(o) - 'id' - 'queued_at' FROM messaging.tasks t JOIN messaging.open_tasks o USING (id) WHERE id = ";
        Assert.That(await Producer.ScalarAsync($"{row}'{sql.Id}'"), Is.EqualTo(await Producer.ScalarAsync($"{row}'{http.Id}'")));
    }

    [Test]
    public async Task What_is_left_out_is_as_the_kind_says()
    {
        var http = await Producer.SubmitAsync();
        var sql = await SubmitAsync();

        const string row = "SELECT to_jsonb(t) - 'id' - 'created_at' - 'trace_parent' FROM messaging.tasks t WHERE id = ";
        Assert.That(await Producer.ScalarAsync($"{row}'{sql}'"), Is.EqualTo(await Producer.ScalarAsync($"{row}'{http.Id}'")));
    }

    [Test]
    public async Task Literals_json_and_jsonb_are_taken_alike()
    {
        await using var connection = await ConnectAsync();
        foreach (var call in new[]
        {
            """messaging.submit('debug.echo', '{"message": "literal"}')""",
            """messaging.submit('debug.echo', '{"message": "literal"}', '{"tags": ["t"]}')""",
            """messaging.submit('debug.echo', json_build_object('message', 'json'), json_build_object('queue', 'mail'))""",
            """messaging.submit('debug.echo', jsonb_build_object('message', 'jsonb'))""",
            """messaging.submit('debug.echo', jsonb_build_object('message', 'jsonb'), '{"delay": "PT1H"}')""",
            """messaging.submit('debug.echo', jsonb_build_object('message', 'jsonb'), jsonb_build_object('runAt', now() + interval '1 hour', 'timeout', interval '90 seconds'))""",
            """messaging.submit(kind => 'debug.echo', input => '{"message": "named"}', options => '{"queue": "mail"}')""",
        })
        {
            await using var command = new NpgsqlCommand($"SELECT {call}", connection);
            var id = (Guid)(await command.ExecuteScalarAsync())!;
            Assert.That((await Producer.FindAsync(id)).Kind, Is.EqualTo("debug.echo"), call);
        }
    }

    [Test]
    public async Task A_delayed_task_is_scheduled_and_queued_by_itself_when_its_time_has_come()
    {
        var later = await SubmitAsync("""{"delay": "PT1H"}""");
        var soon = await SubmitAsync("""{"delay": "PT0.3S"}""");
        var past = await SubmitAsync("""{"runAt": "2020-01-01T00:00:00Z"}""");
        var interval = await SubmitAsync("""{"delay": "1 hour 30 minutes"}""");

        Assert.That((await Producer.FindAsync(later)).State, Is.EqualTo(TaskState.Scheduled));
        Assert.That((await Producer.FindAsync(past)).State, Is.EqualTo(TaskState.Queued));
        var task = await Producer.FindAsync(interval);
        Assert.That(task.RunAt - task.CreatedAt, Is.EqualTo(TimeSpan.FromMinutes(90)).Within(TimeSpan.FromSeconds(1)));
        Assert.That(await CountAsync($"outbox WHERE '{later}' = ANY (task_ids)"), Is.Zero);
        await Eventually.GetAsync(_ => Producer.FindAsync(soon), seen => seen.State == TaskState.Queued);
    }

    [Test]
    public async Task Ids_are_of_version_7_and_of_the_moment_of_the_call_by_the_ledgers_clock()
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var before = (DateTime)(await new NpgsqlCommand("SELECT clock_timestamp()", connection).ExecuteScalarAsync())!;
        await ExecuteAsync(connection, "SELECT pg_sleep(0.2)");
        var id = await SubmitAsync(connection);
        await transaction.CommitAsync();

        Assert.That((id.Version, id.Variant & 0xC), Is.EqualTo((7, 8)));
        Assert.That(IdTime.Of(id).UtcDateTime - before, Is.InRange(TimeSpan.FromSeconds(0.199), TimeSpan.FromSeconds(20)));
        Assert.That((await Producer.FindAsync(id)).CreatedAt, Is.EqualTo(IdTime.Of(id)).Within(TimeSpan.FromMilliseconds(1)));
    }

    [Test]
    public async Task Ten_thousand_in_one_transaction_take_seconds_and_are_all_there()
    {
        await using var connection = await ConnectAsync();
        var watch = Stopwatch.StartNew();
        await using var command = new NpgsqlCommand(
            """
            SELECT count(DISTINCT messaging.submit('debug.echo', jsonb_build_object('message', i::text), '{"tags": ["ten-thousand"], "delay": "PT5H"}'))
            FROM generate_series(1, 10000) i
            """,
            connection);
        var submitted = await command.ExecuteScalarAsync();
        var elapsed = watch.Elapsed;
        await TestContext.Out.WriteLineAsync($"10,000 tasks in {elapsed.TotalSeconds:0.00} s");

        Assert.That(submitted, Is.EqualTo(10_000));
        Assert.That(await CountAsync("task_tags WHERE tag = 'ten-thousand'"), Is.EqualTo(10_000));
        Assert.That(elapsed, Is.LessThan(TimeSpan.FromSeconds(20)), "2 ms each, on a machine that does other things too");
    }

    [Test]
    public async Task A_failure_in_the_callers_own_statement_takes_the_task_along()
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var id = await SubmitAsync(connection);
        Assert.That(async () => await ExecuteAsync(connection, "INSERT INTO orders VALUES (NULL)"), Throws.InstanceOf<PostgresException>());
        await transaction.CommitAsync(); // Postgres makes that a rollback

        await AssertNothingOfAsync(id);
    }

    [Test]
    public async Task A_trace_goes_with_the_task()
    {
        const string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        var id = await SubmitAsync($$"""{"traceParent": "{{trace}}"}""");

        Assert.That(await Producer.ScalarAsync($"SELECT trace_parent FROM messaging.tasks WHERE id = '{id}'"), Is.EqualTo(trace));
    }

    private async Task AssertNothingOfAsync(Guid id)
    {
        Assert.That(await CountAsync($"tasks WHERE id = '{id}'"), Is.Zero);
        Assert.That(await CountAsync($"open_tasks WHERE id = '{id}'"), Is.Zero);
        Assert.That(await CountAsync($"outbox WHERE '{id}' = ANY (task_ids)"), Is.Zero);
    }
}
