using System.Diagnostics;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.EndToEnd;

/// <summary>Tasks submitted by SQL are published soon by any process, whoever dies, and however long their transaction was open.</summary>
public sealed class SqlSubmitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    [Category("Alone")]
    [NonParallelizable]
    public async Task A_task_submitted_by_SQL_starts_within_half_a_second_of_the_commit()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var connection = await system.ConnectAsync();
        await SubmitAsync(connection, "warm up");
        await system.DrainedAsync(Limit);
        for (var i = 0; i < 20; i++)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await SubmitAsync(connection, "timed");
            await ExecuteAsync(connection, "SELECT pg_sleep(0.05)");
            await transaction.CommitAsync();
            await ExecuteAsync(connection, "CREATE TABLE IF NOT EXISTS commits (n serial, at timestamptz DEFAULT clock_timestamp())");
            await ExecuteAsync(connection, "INSERT INTO commits DEFAULT VALUES");
        }

        await system.DrainedAsync(Limit);
        var median = (double)(await system.ScalarAsync("""
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.started_at - c.at))::float8
            FROM (SELECT o.started_at, row_number() OVER (ORDER BY t.id) AS n
                  FROM messaging.tasks t JOIN messaging.outcomes o ON o.task_id = t.id WHERE t.input LIKE '%timed%') t
            JOIN commits c USING (n)
            """))!;
        await TestContext.Out.WriteLineAsync($"started {median * 1000:0} ms after the commit, at the median of 20");

        Assert.That(median, Is.LessThan(0.5));
    }

    [Test]
    public async Task The_only_producer_is_killed_after_the_commit_and_the_task_runs_after_a_restart()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var connection = await system.ConnectAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            for (var i = 0; i < 50; i++)
                await SubmitAsync(connection, "nobody is there");
            await system.Producer.KillAsync();
            await system.Consumers[0].KillAsync();
            await transaction.CommitAsync();
        }

        Assert.That(await system.CountAsync("outbox"), Is.EqualTo(50), "nobody is there to take them");
        await using var producer = await ProducerProcess.StartAsync(system.Connections);
        await Eventually.GetAsync(_ => system.CountAsync("outbox"), left => left == 0, Limit);
        await system.AddConsumerAsync();
        await system.DrainedAsync(Limit);

        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(50));
    }

    [Test]
    public async Task A_consumer_alone_publishes_what_was_submitted()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var connection = await system.ConnectAsync();
        await system.Producer.KillAsync();
        await SubmitAsync(connection, "no producer");
        await system.DrainedAsync(Limit);

        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(1));
    }

    [Test]
    public async Task Ten_thousand_in_one_transaction_all_run()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var connection = await system.ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var watch = Stopwatch.StartNew();
        await ExecuteAsync(connection, "SELECT messaging.submit('debug.echo', jsonb_build_object('message', i::text)) FROM generate_series(1, 10000) i");
        var submitted = watch.Elapsed;
        await transaction.CommitAsync();
        await system.DrainedAsync(TimeSpan.FromMinutes(2));
        await TestContext.Out.WriteLineAsync($"10,000 submitted in {submitted.TotalSeconds:0.0} s, all run {watch.Elapsed.TotalSeconds:0.0} s after the begin");

        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(10_000));
    }

    [Test]
    public async Task An_input_that_does_not_fit_its_kind_fails_once_and_for_good()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var connection = await system.ConnectAsync();
        var id = await SubmitAsync(connection, "x", """{"message": 7, "unknown": true}""");
        var task = await system.EndedAsync(await system.GetAsync($"v1/tasks/{id}"));

        Assert.That(task["state"]!.GetValue<string>(), Is.EqualTo("failed"));
        Assert.That(task["failure"]!["code"]!.GetValue<string>(), Is.EqualTo("invalid-input"));
        Assert.That(task["attempt"]!.GetValue<int>(), Is.EqualTo(1), "trying again would bring the same");
    }

    [Test]
    public async Task A_transaction_that_stays_open_holds_up_nobody_and_is_run_at_its_end()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var connection = await system.ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var late = await SubmitAsync(connection, "late");
        await system.SubmitEchoesAsync(2_000);
        await system.DrainedAsync(Limit);
        var listed = (await system.GetAsync("v1/tasks?limit=1000"))["items"]!.AsArray().Count;
        await transaction.CommitAsync();
        var task = await system.EndedAsync(await system.GetAsync($"v1/tasks/{late}"));

        Assert.That(listed, Is.EqualTo(1_000));
        Assert.That(task["state"]!.GetValue<string>(), Is.EqualTo("succeeded"));
        Assert.That((await system.GetAsync("v1/ledger"))["unaccounted"]!.GetValue<int>(), Is.Zero);
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(2_001));
    }

    private static async Task<Guid> SubmitAsync(NpgsqlConnection connection, string message, string? input = null)
    {
        await using var command = new NpgsqlCommand("SELECT messaging.submit('debug.echo', $1)", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = input ?? $$"""{"message":"{{message}}"}""" });
        return (Guid)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }
}
