using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Events;
using Messaging.Infrastructure.Store.Expire;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Infrastructure.Store.Suspects;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

/// <summary>
/// The plans of the statements that run for every task, made at the worst moment: the ledger has been idle, its tables were vacuumed while
/// they were empty, and then a backlog comes. A plan is kept for many runs, and must look up the given tasks and nothing beside them.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[CancelAfter(120_000)]
public sealed class HotPlanTests
{
    private const int Stored = 5_000;
    private const int Asked = 10;

    private const string Ids = "'{00000000-0000-7000-8000-000000000001}'";

    // Statement, its parameters with the given ids first where {0} stands, and whether live events read by it.
    private static readonly (string Name, string Sql, string Values, bool Events)[] Statements =
    [
        ("claim", ClaimSql.Claim, "{0}, {0}, NULL, array_fill(1000::bigint, ARRAY[cardinality({0}::uuid[])]), '00000000-0000-7000-8000-000000000002'", false),
        ("succeed_all", FinishSql.SucceedAll, "{0}, {0}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 1", false),
        ("succeed", FinishSql.Succeed, "{0}, NULL, NULL, NULL, NULL", false),
        ("end_otherwise", FinishSql.End, "{0}, NULL, NULL, NULL, NULL, NULL, NULL", false),
        ("retry", FinishSql.Retry, "{0}, NULL, NULL, NULL, NULL, NULL", false),
        ("hand_back", FinishSql.HandBack, "{0}, NULL, NULL, NULL", false),
        ("requeue", FinishSql.Requeue, "{0}", false),
        ("why_refused", FinishSql.WhyRefused, "{0}, NULL, NULL", false),
        ("expire", ExpireSql.Refused, "NULL, {0}", false),
        ("postpone", SuspectSql.Postpone, "{0}, array_fill(1000::bigint, ARRAY[cardinality({0}::uuid[])])", false),
        ("settle", OutboxSql.Settle, "{0}", false),
        ("settle_taken", OutboxSql.SettleTaken, "{0}, {0}", false),
        ("contents", TaskContents.Load, "{0}", false),
        ("stored", SubmitSql.CountStored, "{0}", false),
        ("keys", KeySql.Read, "array_fill(''::text, ARRAY[cardinality({0}::text[])]), {0}", false),
        ("history", HistorySql.Since, "{0}, NULL, NULL, 10, NULL", true),
        ("look", HistorySql.Look, "{0}, NULL", true),
        ("ended", TaskReadSql.Ended, "{0}", true),
        ("many", TaskReadSql.Many, "{0}", true),
    ];

    private TestLedger _ledger = null!;
    private NpgsqlConnection _hot = null!;
    private NpgsqlConnection _events = null!;

    [OneTimeSetUp]
    public async Task PlanWhileNothingIsThereThenFill()
    {
        _ledger = await TestLedger.CreateAsync();
        var connections = _ledger.Services.GetRequiredService<LedgerConnections>();
        _hot = await connections.Relaxed.OpenConnectionAsync();
        _events = await connections.Events.OpenConnectionAsync();
        // Each table has held something: one that was never filled is taken for larger than it is.
        await FillAsync("1");
        await _ledger.ExecuteAsync("DELETE FROM messaging.open_tasks; DELETE FROM messaging.outbox; DELETE FROM messaging.idempotency_keys; DELETE FROM messaging.outcomes; DELETE FROM messaging.tasks");
        var parts = await _ledger.ScalarAsync("SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'messaging'::regnamespace AND relkind = 'r'");
        await _ledger.ExecuteAsync($"VACUUM (ANALYZE) {parts}");
        foreach (var (name, sql, values, events) in Statements)
        {
            var connection = events ? _events : _hot;
            await ExecuteAsync(connection, $"PREPARE {name} AS {sql}");
            await ExecuteAsync(connection, $"EXPLAIN EXECUTE {name}({Values(values, Ids)})");
        }

        await FillAsync($"{Stored}");
    }

    [OneTimeTearDown]
    public async Task Drop()
    {
        await _hot.DisposeAsync();
        await _events.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    [Test]
    public async Task A_plan_made_while_nothing_was_there_reads_what_is_asked_for_and_no_more([ValueSource(nameof(Names))] string name)
    {
        var (_, _, values, events) = Statements.Single(statement => statement.Name == name);
        var asked = await _ledger.ScalarAsync($"SELECT array_agg(id)::text FROM (SELECT id FROM messaging.tasks ORDER BY id DESC LIMIT {Asked}) AS newest");
        var connection = events ? _events : _hot;
        await using var transaction = await connection.BeginTransactionAsync();

        var read = await PlanReader.RowsReadByPreparedAsync(connection, name, Values(values, $"'{asked}'"));

        Assert.That(read, Is.Not.Empty);
        foreach (var (table, rows) in read)
            Assert.That(rows, Is.LessThanOrEqualTo(Asked), table);
    }

    private static IEnumerable<string> Names() => Statements.Select(statement => statement.Name);

    private static string Values(string pattern, string ids) => pattern.Replace("{0}", ids, StringComparison.Ordinal);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private Task FillAsync(string tasks) => _ledger.ExecuteAsync(
        $"""
        CREATE TEMP TABLE made AS
        SELECT n, messaging.uuid_floor(now() - interval '10 minutes' + n * interval '1 ms') AS id FROM generate_series(1, {tasks}) AS n;
        INSERT INTO messaging.tasks (id, timeout_ms, max_attempts, kind, queue, input) SELECT id, 1000, 1, 'debug.echo', 'default', '1' FROM made;
        INSERT INTO messaging.outcomes (task_id, attempt, state) SELECT id, 1, 4 FROM made;
        INSERT INTO messaging.open_tasks (id, state, queue) SELECT id, 2, 'default' FROM made;
        INSERT INTO messaging.outbox (id, queue, task_ids) SELECT id, 'default', ARRAY[id] FROM made;
        INSERT INTO messaging.idempotency_keys (scope, key, task_id, fingerprint, expires_at) SELECT '', id::text, id, id, now() FROM made;
        DROP TABLE made
        """);
}
