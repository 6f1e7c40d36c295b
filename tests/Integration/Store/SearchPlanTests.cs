using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

/// <summary>
/// What reads for people look at in a ledger that holds much more than they ask for: never more rows than they said they would. A plan that
/// joins in another order gives the same answer, and takes minutes beside millions of tasks.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[CancelAfter(120_000)]
public sealed class SearchPlanTests
{
    private const int Stored = 30_000;
    private const int Chunk = 4_000;
    private const int DeadLetters = Stored / 200;
    private const int Fingerprints = 3;

    private static readonly DateTimeOffset LongAgo = DateTimeOffset.UnixEpoch;

    private static readonly TaskFilter[] Filters =
    [
        new(),
        new(Kind: "rare.kind"),
        new(Queue: "rare"),
        new(Kind: "debug.echo", Queue: "rare"),
        new(TaskState.Succeeded),
        new(TaskState.Succeeded, "rare.kind"),
        new(TaskState.Failed),
        new(TaskState.Failed, "rare.kind"),
        new(TaskState.Failed, Queue: "rare"),
        new(TaskState.Queued),
        new(TaskState.Queued, "rare.kind", "rare"),
        new(Tag: "often"),
        new(Tag: "often", Kind: "rare.kind"),
        new(Tag: "often", State: TaskState.Failed),
        new(Tag: "often", State: TaskState.Queued, Queue: "rare"),
        new(CreatedAfter: LongAgo),
        new(Kind: "rare.kind", CreatedAfter: LongAgo),
        new(TaskState.Succeeded, CreatedAfter: LongAgo),
        new(TaskState.Failed, "rare.kind", CreatedAfter: LongAgo),
        new(TaskState.Queued, CreatedAfter: LongAgo),
        new(Tag: "often", Kind: "rare.kind", CreatedAfter: LongAgo),
    ];

    private TestLedger _ledger = null!;
    private Guid[] _ids = [];

    private NpgsqlDataSource Web => _ledger.Services.GetRequiredService<LedgerConnections>().Web;

    [OneTimeSetUp]
    public async Task StoreTasks()
    {
        _ledger = await TestLedger.CreateAsync();
        // A month of days: each makes a look-up dearer in the planner's eyes.
        await _ledger.ExecuteAsync("SELECT messaging.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 28, 28)");
        // Straight into the tables, over two days; vacuumed and analysed, as by autovacuum: only who knows that a kind is rare thinks of reading it first.
        await _ledger.ExecuteAsync(
            $"""
            CREATE TEMP TABLE made AS
            SELECT n, messaging.uuid_floor(now() - interval '20 hours' + n * interval '2 s') AS id FROM generate_series(1, {Stored}) AS n;
            INSERT INTO messaging.tasks (id, timeout_ms, max_attempts, kind, queue, input, tags)
            SELECT id, 1000, 1, CASE n WHEN 5 THEN 'rare.kind' ELSE 'debug.echo' END, CASE n WHEN 5 THEN 'rare' ELSE 'default' END, '1', ARRAY['often'] FROM made;
            INSERT INTO messaging.task_tags (task_id, tag) SELECT id, 'often' FROM made;
            INSERT INTO messaging.outcomes (task_id, attempt, state, failure)
            SELECT id, 1, CASE WHEN n % 200 = 0 THEN 5 ELSE 4 END, json_build_object('code', (n / 200 % {Fingerprints})::text) FROM made WHERE n % 2 = 0 OR n = 5;
            INSERT INTO messaging.open_tasks (id, state, queue) SELECT id, 2, 'default' FROM made WHERE n % 2 = 1 AND n <> 5
            """);
        var parts = await _ledger.ScalarAsync("SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'messaging'::regnamespace AND relkind = 'r'");
        await _ledger.ExecuteAsync($"VACUUM (ANALYZE) {parts}");
        _ids = (Guid[])(await _ledger.ScalarAsync("SELECT array_agg(id) FROM (SELECT id FROM messaging.tasks ORDER BY id DESC LIMIT 1000) AS newest"))!;
    }

    [OneTimeTearDown]
    public async Task DropLedger() => await _ledger.DisposeAsync();

    [Test]
    public async Task A_search_reads_a_chunk_and_nothing_beside_it(
        [ValueSource(nameof(Filters))] TaskFilter filter, [Values("force_generic_plan", "force_custom_plan")] string plans)
    {
        var index = new TaskIndex(filter);
        var values = new[] { $"'{Guid.AllBitsSet}'", $"{Chunk}", "51" }.Concat(index.Values.Select(value => $"'{value}'"));

        foreach (var (table, rows) in await RowsReadAsync(plans, index.Sql, string.Join(", ", values)))
            Assert.That(rows, Is.LessThanOrEqualTo(Chunk), table);
    }

    [Test]
    public async Task A_page_reads_its_own_tasks_only([Values(50, 1000)] int limit, [Values("force_generic_plan", "force_custom_plan")] string plans)
    {
        var read = await RowsReadAsync(plans, TaskReadSql.Many, $"'{{{string.Join(',', _ids.Take(limit))}}}'");

        Assert.That(read["tasks"], Is.EqualTo(limit));
        foreach (var (table, rows) in read)
            Assert.That(rows, Is.LessThanOrEqualTo(limit), table);
    }

    [TestCase(DeadLetterSql.NewestMatching)]
    [TestCase(DeadLetterSql.OldestMatching)]
    public async Task Dead_letters_of_a_kind_cost_one_look_at_a_task_for_each_fingerprint(string sql)
    {
        var read = await DeadLettersReadAsync(sql, "'debug.echo', NULL, NULL");

        Assert.That((read["outcomes"], read["tasks"]), Is.EqualTo(((double)DeadLetters, (double)Fingerprints)));
    }

    [TestCase("NULL, 'rare', NULL")]
    [TestCase("NULL, NULL, 'often'")]
    [TestCase("'debug.echo', 'default', 'often'")]
    [TestCase("'rare.kind', 'rare', 'often'")]
    public async Task Dead_letters_of_a_queue_or_tag_cost_a_look_at_each(string filter)
    {
        foreach (var (table, rows) in await DeadLettersReadAsync(DeadLetterSql.NewestMatching, filter))
            Assert.That(rows, Is.LessThanOrEqualTo(DeadLetters + Fingerprints), table);
    }

    private Task<Dictionary<string, double>> DeadLettersReadAsync(string sql, string filter)
    {
        var position = sql == DeadLetterSql.NewestMatching ? "'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'" : "'-infinity', '00000000-0000-0000-0000-000000000000'";
        return RowsReadAsync("force_custom_plan", sql, $"NULL, '-infinity', 'infinity', {position}, {Chunk}, {filter}");
    }

    /// <summary>
    /// Runs a statement and answers how many rows were read of each table, filtered ones included. With a custom plan the planner knows
    /// the values, and is the more tempted.
    /// </summary>
    private async Task<Dictionary<string, double>> RowsReadAsync(string plans, string sql, string values)
    {
        await using var connection = await Web.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var set = new NpgsqlCommand($"SET LOCAL plan_cache_mode = {plans}", connection))
            await set.ExecuteNonQueryAsync();
        return await PlanReader.RowsReadAsync(connection, sql, values);
    }
}
