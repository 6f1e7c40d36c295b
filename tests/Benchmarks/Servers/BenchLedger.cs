using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>The ledger as an onlooker sees it: when all is done, whether it was done right, and what it needs afterwards.</summary>
/// <param name="connectionString">Its database.</param>
/// <param name="serverId">Root of Postgres's processes.</param>
internal sealed class BenchLedger(string connectionString, int serverId) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    private readonly NpgsqlDataSource _postgres = NpgsqlDataSource.Create(connectionString);
    private readonly CpuMeter _meter = new(new Dictionary<string, int> { [Parts.Postgres] = serverId });
    private long _submitted;

    /// <summary>
    /// Awaits that every task has ended. A look-up of the last one is all that is asked while the others run: counting them
    /// would cost more than running some.
    /// </summary>
    public async Task WaitUntilEndedAsync(Guid lastTask, CancellationToken cancellationToken)
    {
        await using var ended = _postgres.CreateCommand("SELECT EXISTS (SELECT FROM messaging.outcomes WHERE task_id = $1)");
        ended.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = lastTask });
        await WaitUntilTrueAsync(ended, cancellationToken);
        await using var none = _postgres.CreateCommand("SELECT NOT EXISTS (SELECT FROM messaging.open_tasks)");
        await WaitUntilTrueAsync(none, cancellationToken);
    }

    /// <summary>Awaits that every outbox row is settled.</summary>
    public async Task WaitUntilSettledAsync(CancellationToken cancellationToken)
    {
        await using var none = _postgres.CreateCommand("SELECT NOT EXISTS (SELECT FROM messaging.outbox)");
        await WaitUntilTrueAsync(none, cancellationToken);
    }

    /// <summary>What the server has written since it was made.</summary>
    public async Task<LedgerWork> ReadWorkAsync(CancellationToken cancellationToken)
    {
        await using var read = _postgres.CreateCommand("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new LedgerWork(row.GetInt64(0), row.GetInt64(1));
    }

    /// <summary>Makes all outbox rows nobody's, as a process does with its own when it stops.</summary>
    public async Task DisownAllAsync(CancellationToken cancellationToken)
    {
        await using var disown = _postgres.CreateCommand("UPDATE messaging.outbox SET owner = NULL");
        await disown.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Awaits that workers have measured how long a kind runs.</summary>
    public async Task WaitUntilMeasuredAsync(string kind, CancellationToken cancellationToken)
    {
        await using var measured = _postgres.CreateCommand("SELECT EXISTS (SELECT FROM messaging.kinds WHERE name = $1 AND mean_run_ms IS NOT NULL)");
        measured.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind });
        await WaitUntilTrueAsync(measured, cancellationToken);
    }

    /// <summary>Checks that what was submitted since the start, these tasks included, has ended well, once each, and nothing is left.</summary>
    /// <exception cref="BenchFailedException">It is not so.</exception>
    public async Task CheckAsync(int tasks, CancellationToken cancellationToken)
    {
        _submitted += tasks;
        await using var command = _postgres.CreateCommand(
            """
            SELECT (SELECT count(*) FROM messaging.tasks), count(*), count(*) FILTER (WHERE state = 4),
                (SELECT count(*) FROM messaging.open_tasks), (SELECT count(*) FROM messaging.outbox)
            FROM messaging.outcomes
            """);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        long[] found = [.. Enumerable.Range(0, 5).Select(row.GetInt64)];
        if (found is not [var stored, var ended, var succeeded, 0, 0] || stored != _submitted || ended != _submitted || succeeded != _submitted)
        {
            throw new BenchFailedException(
                $"{_submitted:N0} tasks were submitted, but the ledger has {found[0]:N0} tasks, {found[1]:N0} outcomes ({found[2]:N0} of them " +
                $"succeeded), {found[3]:N0} open tasks and {found[4]:N0} outbox rows.");
        }
    }

    /// <summary>Checks that so many tasks are open and none is unpublished, and throws them all away.</summary>
    /// <exception cref="BenchFailedException">It is not so.</exception>
    public async Task EmptyAsync(int tasks, CancellationToken cancellationToken)
    {
        await using var count = _postgres.CreateCommand(
            "SELECT (SELECT count(*) FROM messaging.tasks), (SELECT count(*) FROM messaging.open_tasks), (SELECT count(*) FROM messaging.outbox)");
        await using (var row = await count.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            if ((row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)) is var found && found != (tasks, tasks, 0))
                throw new BenchFailedException($"{tasks:N0} tasks were accepted, but the ledger has {found.Item1:N0}, {found.Item2:N0} of them open, and {found.Item3:N0} outbox rows.");
        }

        await using var empty = _postgres.CreateCommand("TRUNCATE messaging.tasks, messaging.open_tasks, messaging.outbox, messaging.task_tags");
        await empty.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The time from the first claim to the last result of all tasks that are there; checks that so many ended well, and throws them away.</summary>
    /// <exception cref="BenchFailedException">It is not so.</exception>
    public async Task<TimeSpan> TakeRunAsync(int tasks, CancellationToken cancellationToken)
    {
        TimeSpan elapsed;
        await using var run = _postgres.CreateCommand(
            "SELECT count(*), count(*) FILTER (WHERE state = 4), max(finished_at) - min(started_at), (SELECT count(*) FROM messaging.open_tasks) FROM messaging.outcomes");
        await using (var row = await run.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            if ((row.GetInt64(0), row.GetInt64(1), row.GetInt64(3)) is var found && found != (tasks, tasks, 0))
                throw new BenchFailedException($"{tasks:N0} tasks were submitted, but {found.Item1:N0} ended, {found.Item2:N0} of them well, and {found.Item3:N0} are open.");
            elapsed = row.GetTimeSpan(2);
        }

        await using var empty = _postgres.CreateCommand("TRUNCATE messaging.tasks, messaging.outcomes");
        await empty.ExecuteNonQueryAsync(cancellationToken);
        return elapsed;
    }

    /// <summary>Does now what autovacuum and the checkpointer would do during somebody else's run; answers the CPU time it took.</summary>
    public async Task<TimeSpan> KeepUpAsync(CancellationToken cancellationToken)
    {
        var before = _meter.Read();
        foreach (var statement in (string[])
            ["VACUUM (ANALYZE) messaging.tasks, messaging.outcomes, messaging.open_tasks, messaging.outbox", "CHECKPOINT"])
        {
            await using var command = _postgres.CreateCommand(statement);
            command.CommandTimeout = 300;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return CpuMeter.Between(before, _meter.Read()).Parts[Parts.Postgres];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _postgres.DisposeAsync();

    private static async Task WaitUntilTrueAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        while (!(bool)(await command.ExecuteScalarAsync(cancellationToken))!)
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
    }
}
