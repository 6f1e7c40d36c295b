using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Events;
using Messaging.Tests.Integration.Store;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Events;

/// <summary>What event streams read in a ledger that holds much more than they ask for.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[CancelAfter(120_000)]
public sealed class EventPlanTests
{
    private const int Stored = 60_000;

    private TestLedger _ledger = null!;
    private string _ids = "";

    [OneTimeSetUp]
    public async Task StoreTasks()
    {
        _ledger = await TestLedger.CreateAsync();
        await _ledger.ExecuteAsync("SELECT messaging.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 28, 28)");
        await _ledger.ExecuteAsync(
            $"""
            CREATE TEMP TABLE made AS
            SELECT n, messaging.uuid_floor(now() - interval '16 hours' + n * interval '0.9 s') AS id, now() - interval '16 hours' + n * interval '0.9 s' AS at
            FROM generate_series(1, {Stored}) AS n;
            INSERT INTO messaging.tasks (id, timeout_ms, max_attempts, kind, queue, input, tags, created_at)
            SELECT id, 1000, 1, 'debug.echo', 'default', '1', ARRAY['often'], at FROM made;
            INSERT INTO messaging.task_tags (task_id, tag) SELECT id, 'often' FROM made;
            INSERT INTO messaging.outcomes (task_id, attempt, state, finished_at, started_at, result) SELECT id, 1, 4, at, at, repeat('x', 200) FROM made;
            INSERT INTO messaging.task_events (task_id, seq, at, percent, message) SELECT id, 1, at, 50, repeat('x', 200) FROM made;
            INSERT INTO messaging.attempts (task_id, worker, claim_no, started_at, finished_at, attempt, outcome) SELECT id, gen_random_uuid(), 1, at, at, 1, 'failed' FROM made
            """);
        var parts = await _ledger.ScalarAsync("SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'messaging'::regnamespace AND relkind = 'r'");
        await _ledger.ExecuteAsync($"VACUUM (ANALYZE) {parts}"); // which summarizes, as autovacuum does
        _ids = string.Join(',', (Guid[])(await _ledger.ScalarAsync("SELECT array_agg(id) FROM (SELECT id FROM messaging.tasks ORDER BY random() LIMIT 100) AS chosen"))!);
    }

    [OneTimeTearDown]
    public async Task DropLedger() => await _ledger.DisposeAsync();

    [TestCase(nameof(ChangeSql.Ended), ChangeSql.Ended, "outcomes")]
    [TestCase(nameof(ChangeSql.Reported), ChangeSql.Reported, "task_events")]
    public async Task What_changed_lately_is_found_without_reading_the_day(string name, string sql, string table)
    {
        var read = await RowsReadAsync(sql, "now() - interval '20 s', '00000000-0000-0000-0000-000000000000', 5000");

        await TestContext.Out.WriteLineAsync($"{name} read {read.GetValueOrDefault(table)} rows of {Stored}");
        Assert.That(read[table], Is.InRange(1, Stored / 5));
    }

    [Test]
    public async Task What_was_accepted_lately_is_read_alone() =>
        Assert.That((await RowsReadAsync(ChangeSql.Accepted, "now() - interval '60 s', '00000000-0000-0000-0000-000000000000', 5000"))["tasks"], Is.LessThan(200));

    [Test]
    public async Task A_history_reads_its_own_task_only()
    {
        var since = string.Join(',', Enumerable.Repeat("0", 100));
        var whole = string.Join(',', Enumerable.Repeat("true", 100));
        var moments = string.Join(',', Enumerable.Repeat("-infinity", 100));
        foreach (var (table, rows) in await RowsReadAsync(HistorySql.Since, $"'{{{_ids}}}', '{{{since}}}', '{{{whole}}}', 200, '{{{moments}}}'"))
            Assert.That(rows, Is.LessThanOrEqualTo(100), table);
        foreach (var (table, rows) in await RowsReadAsync(HistorySql.Look, $"'{{{_ids}}}', '{{{since}}}'"))
            Assert.That(rows, Is.LessThanOrEqualTo(100), table);
        foreach (var (table, rows) in await RowsReadAsync(ChangeSql.Concerned, $"'{{{_ids}}}', '{{a}}', '{{b}}', '{{c}}'"))
            Assert.That(rows, Is.LessThanOrEqualTo(100), table);
    }

    /// <summary>Runs a statement as event streams do and answers how many rows were read of each table, filtered ones included.</summary>
    private async Task<Dictionary<string, double>> RowsReadAsync(string sql, string values)
    {
        await using var connection = await _ledger.Services.GetRequiredService<LedgerConnections>().Events.OpenConnectionAsync();
        return await PlanReader.RowsReadAsync(connection, sql, values);
    }
}
