using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.GroupCommit;
using Npgsql;

namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// The end of an outbox row: deleted when the broker has confirmed all of it. Many rows share one round trip, commits are
/// asynchronous: a settle lost in a database crash makes its tasks travel again, and the copies are dropped.
/// </summary>
public sealed class SettleStage : IAsyncDisposable
{
    // Who asks has another way to go on.
    private static readonly TimeSpan TakenPatience = TimeSpan.FromSeconds(1);

    private readonly LedgerConnections _ledger;
    private readonly GroupCommitWriter<Guid, bool> _writer;
    private readonly GroupCommitWriter<(Guid Row, Guid Task), bool> _takenWriter;

    /// <summary>Starts the stage's writers.</summary>
    public SettleStage(LedgerConnections ledger, TimeProvider time)
    {
        _ledger = ledger;
        // However long the ledger is away: nobody waits for an answer, and the relay's own bound limits how many come.
        var options = new GroupCommitOptions { Name = "settle", Writers = 1, MaxItems = 2000, MaxWait = Timeout.InfiniteTimeSpan };
        _writer = new GroupCommitWriter<Guid, bool>(options, static _ => 16, WriteAsync, time);
        _takenWriter = new GroupCommitWriter<(Guid Row, Guid Task), bool>(options with { MaxWait = TakenPatience }, static _ => 32, WriteTakenAsync, time);
    }

    /// <summary>Deletes an outbox row; returns after the commit.</summary>
    /// <exception cref="LedgerUnavailableException">This process is stopping and the ledger did not answer.</exception>
    public async ValueTask SettleAsync(Guid outboxId, CancellationToken cancellationToken) => await _writer.AddAsync(outboxId, cancellationToken);

    /// <summary>Deletes the outbox row of a single task, unless that is still queued; answers whether it did.</summary>
    /// <exception cref="LedgerUnavailableException">The ledger did not answer, or this process is stopping. It may have been deleted all the same.</exception>
    public ValueTask<bool> SettleIfTakenAsync(Guid outboxId, Guid taskId, CancellationToken cancellationToken) =>
        _takenWriter.AddAsync((outboxId, taskId), cancellationToken);

    /// <summary>Gives rows up so that any sweeper may take them at once. Those that have gone, or have another owner, are left alone.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached; the rows are taken when their owner is found dead.</exception>
    public async Task DisownAsync(IReadOnlyCollection<(Guid Id, Guid Owner)> rows, CancellationToken cancellationToken)
    {
        await using var command = _ledger.Control.CreateCommand(OutboxSql.Disown);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. rows.Select(r => r.Id)] });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. rows.Select(r => r.Owner)] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _takenWriter.DisposeAsync();
        await _writer.DisposeAsync();
    }

    private async Task<bool[]> WriteAsync(IReadOnlyList<Guid> items, bool retry, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. items];
        Array.Sort(ids);
        await using var connection = await _ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(OutboxSql.Settle, ids);
        await batch.ExecutePreparedAsync(cancellationToken);
        return new bool[items.Count];
    }

    private async Task<bool[]> WriteTakenAsync(IReadOnlyList<(Guid Row, Guid Task)> items, bool retry, CancellationToken cancellationToken)
    {
        var ordered = items.Select((item, place) => (item.Row, item.Task, Place: place)).OrderBy(item => item.Row).ToArray();
        await using var connection = await _ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(OutboxSql.SettleTaken, Array.ConvertAll(ordered, item => item.Row), Array.ConvertAll(ordered, item => item.Task));
        var taken = new bool[items.Count];
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            taken[ordered[reader.GetInt64(0) - 1].Place] = true;
        return taken;
    }
}
