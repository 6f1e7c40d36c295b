using Messaging.Infrastructure.Store.Cancel;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>The ledger as an operator uses it: what runs, and calling it off.</summary>
/// <param name="connectionString">Its database.</param>
internal sealed class RunningWork(string connectionString) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    private readonly NpgsqlDataSource _postgres = NpgsqlDataSource.Create(connectionString);

    /// <summary>Awaits that so many tasks of a queue run, all that are open there, and answers which.</summary>
    /// <exception cref="BenchFailedException">It took longer than the limit.</exception>
    public async Task<IReadOnlyList<Guid>> WaitUntilAllRunAsync(string queue, int tasks, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit);
        while (true)
        {
            var running = new List<Guid>();
            await using var command = _postgres.CreateCommand("SELECT id FROM messaging.open_tasks WHERE queue = $1 AND state = 3");
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = queue });
            await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await rows.ReadAsync(cancellationToken))
                    running.Add(rows.GetGuid(0));
            }

            if (running.Count == tasks)
                return running;
            if (late.IsCancellationRequested)
                throw new BenchFailedException($"{running.Count} of {tasks} tasks of '{queue}' run after {limit.TotalSeconds:0} s.");
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>
    /// Calls a running task off, and answers how long it took until its worker recorded it as cancelled, which it does when the handler
    /// has let go. Both times are the ledger's.
    /// </summary>
    /// <exception cref="BenchFailedException">It did not end within the limit, or otherwise.</exception>
    public async Task<TimeSpan> CancelAsync(Guid task, TimeSpan limit, CancellationToken cancellationToken)
    {
        await using var now = _postgres.CreateCommand("SELECT clock_timestamp()");
        var asked = (DateTime)(await now.ExecuteScalarAsync(cancellationToken))!;
        await using var cancel = _postgres.CreateCommand(CancelSql.Cancel);
        cancel.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = task });
        cancel.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "{}" });
        if (await cancel.ExecuteScalarAsync(cancellationToken) is var answer and not "requested")
            throw new BenchFailedException($"Task {task} ran, and the answer to its cancel was '{answer}'.");

        using var late = new CancellationTokenSource(limit);
        while (!late.IsCancellationRequested)
        {
            await using var ended = _postgres.CreateCommand("SELECT state, finished_at - $2 FROM messaging.outcomes WHERE task_id = $1");
            ended.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = task });
            ended.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = asked });
            await using (var row = await ended.ExecuteReaderAsync(cancellationToken))
            {
                if (await row.ReadAsync(cancellationToken))
                    return row.GetInt16(0) == 6 ? row.GetTimeSpan(1) : throw new BenchFailedException($"Task {task} was called off and ended in state {row.GetInt16(0)}.");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        throw new BenchFailedException($"Task {task} was called off and had not ended after {limit.TotalSeconds:0} s.");
    }

    /// <summary>Checks that so many tasks have succeeded and so many were cancelled, none is open and none has lost a worker, and throws them all away.</summary>
    /// <exception cref="BenchFailedException">It is not so.</exception>
    public async Task TakeRunAsync(int succeeded, int cancelled, CancellationToken cancellationToken)
    {
        await using var count = _postgres.CreateCommand(
            """
            SELECT count(*) FILTER (WHERE state = 4), count(*) FILTER (WHERE state = 6), (SELECT count(*) FROM messaging.open_tasks),
                (SELECT count(*) FROM messaging.attempts WHERE outcome = 'worker-lost')
            FROM messaging.outcomes
            """);
        await using (var row = await count.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            if ((row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)) is var found && found != (succeeded, cancelled, 0, 0))
            {
                throw new BenchFailedException(
                    $"{succeeded:N0} tasks should have succeeded and {cancelled:N0} been cancelled, but {found.Item1:N0} and {found.Item2:N0} were, " +
                    $"{found.Item3:N0} are open, and {found.Item4:N0} lost their worker.");
            }
        }

        await using var empty = _postgres.CreateCommand("TRUNCATE messaging.tasks, messaging.outcomes, messaging.attempts");
        await empty.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _postgres.DisposeAsync();
}
