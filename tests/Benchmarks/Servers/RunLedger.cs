using System.Globalization;
using Messaging.Tests.Benchmarks.Measure;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>
/// The ledger as an onlooker of one run sees it: only what was accepted since the run began, however much is stored beside. Looks only
/// at indexes that hold no dead rows: a look at a table that a held snapshot keeps full of them would cost more the longer it is held.
/// </summary>
/// <param name="connectionString">Its database.</param>
/// <param name="serverId">Root of Postgres's processes.</param>
internal sealed class RunLedger(string connectionString, int serverId) : IAsyncDisposable
{
    private const string Server = "server";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan PauseBetweenCounts = TimeSpan.FromMilliseconds(20);

    private readonly NpgsqlDataSource _postgres = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 600 }.ConnectionString);

    private readonly CpuMeter _meter = new(new Dictionary<string, int> { [Server] = serverId });
    private Guid _begin;

    /// <summary>A run begins: what is accepted from now on is its own.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await using var command = _postgres.CreateCommand("SELECT messaging.uuid_floor(clock_timestamp())");
        _begin = (Guid)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Awaits that the first task of the run is accepted.</summary>
    public Task WaitUntilBegunAsync(CancellationToken cancellationToken) =>
        WaitAsync("SELECT EXISTS (SELECT FROM messaging.tasks WHERE id >= $1)", Pause, cancellationToken, _begin);

    /// <summary>Awaits that every task of the run has ended: first the last one, then all.</summary>
    public async Task WaitUntilEndedAsync(Guid lastTask, int tasks, CancellationToken cancellationToken)
    {
        await WaitAsync("SELECT EXISTS (SELECT FROM messaging.outcomes WHERE task_id = $1)", Pause, cancellationToken, lastTask);
        await WaitAsync("SELECT count(*) >= $2 FROM messaging.outcomes WHERE task_id >= $1", PauseBetweenCounts, cancellationToken, _begin, (long)tasks);
    }

    /// <summary>Awaits that every outbox row is settled.</summary>
    public Task WaitUntilSettledAsync(CancellationToken cancellationToken) =>
        WaitAsync("SELECT NOT EXISTS (SELECT FROM messaging.outbox)", Pause, cancellationToken);

    /// <summary>Awaits that workers have measured how long a kind runs.</summary>
    public Task WaitUntilMeasuredAsync(string kind, CancellationToken cancellationToken) =>
        WaitAsync("SELECT EXISTS (SELECT FROM messaging.kinds WHERE name = $1 AND mean_run_ms IS NOT NULL)", Pause, cancellationToken, kind);

    /// <summary>Checks that the run's tasks have ended well, once each, and that nothing is left.</summary>
    /// <exception cref="BenchFailedException">It is not so.</exception>
    public async Task CheckAsync(int tasks, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT (SELECT count(*) FROM messaging.tasks WHERE id >= $1), count(*), count(*) FILTER (WHERE state = 4),
                (SELECT count(*) FROM messaging.open_tasks), (SELECT count(*) FROM messaging.outbox)
            FROM messaging.outcomes WHERE task_id >= $1
            """,
            _begin);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        long[] found = [.. Enumerable.Range(0, 5).Select(row.GetInt64)];
        if (found is not [var stored, var ended, var succeeded, 0, 0] || stored != tasks || ended != tasks || succeeded != tasks)
        {
            throw new BenchFailedException(
                $"{tasks:N0} tasks were submitted, but the ledger has {found[0]:N0} of them, {found[1]:N0} outcomes ({found[2]:N0} of them " +
                $"succeeded), {found[3]:N0} open tasks and {found[4]:N0} outbox rows.");
        }
    }

    /// <summary>
    /// Does now what autovacuum and the checkpointer would do during somebody else's run, on the tables and partitions that a run writes
    /// to; answers the CPU time it took.
    /// </summary>
    public async Task<TimeSpan> KeepUpAsync(CancellationToken cancellationToken)
    {
        var before = _meter.Read();
        // By the id, not by the clock: midnight may have passed.
        var day = DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(_begin.ToString("N")[..12], 16));
        var suffix = day.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        foreach (var statement in (string[])
            [$"VACUUM (ANALYZE) messaging.tasks_{suffix}, messaging.outcomes_{suffix}, messaging.open_tasks, messaging.outbox", "CHECKPOINT"])
        {
            await using var command = Command(statement);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return CpuMeter.Between(before, _meter.Read()).Parts[Server];
    }

    /// <summary>Throws away every task that has ended: the next run meets an empty ledger.</summary>
    public async Task EmptyAsync(CancellationToken cancellationToken)
    {
        await using var command = Command("TRUNCATE messaging.tasks, messaging.outcomes");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The narrow tables: how many dead rows Postgres knows of, and how large they are with their indexes.</summary>
    public async Task<IReadOnlyList<TableHealth>> HealthAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT relname, n_dead_tup, pg_table_size(relid), pg_indexes_size(relid) FROM pg_stat_user_tables
            WHERE schemaname = 'messaging' AND relname IN ('open_tasks', 'outbox', 'workers') ORDER BY relname
            """);
        var tables = new List<TableHealth>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            tables.Add(new TableHealth(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)));
        return tables;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _postgres.DisposeAsync();

    private async Task WaitAsync(string sql, TimeSpan pause, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(sql, values);
        while (!(bool)(await command.ExecuteScalarAsync(cancellationToken))!)
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = _postgres.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}

/// <summary>What a held snapshot does to a table.</summary>
/// <param name="Table">Its name.</param>
/// <param name="DeadRows">Rows that nobody can see any more and that could not be removed.</param>
/// <param name="TableBytes">The table itself.</param>
/// <param name="IndexBytes">Its indexes.</param>
internal sealed record TableHealth(string Table, long DeadRows, long TableBytes, long IndexBytes);
