using System.Data;
using System.Data.Common;
using Messaging.Infrastructure.Store.Changes;
using Npgsql;

namespace Messaging.Infrastructure.Store.Finish;

/// <summary>
/// A transaction that a handler writes its own rows in, and that the runtime then records the outcome in and commits: both or
/// neither. It takes no lock on the task before its end, so it holds up nobody who rescues the task meanwhile.
/// </summary>
public sealed class HandlerTransaction : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly TaskChanges _changes;
    private SemaphoreSlim? _place;

    internal HandlerTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction, SemaphoreSlim place, TaskChanges changes)
    {
        _connection = connection;
        _transaction = transaction;
        _place = place;
        _changes = changes;
    }

    /// <summary>What the handler works with.</summary>
    public DbTransaction Transaction => _transaction;

    /// <summary>True if its connection was cut: nothing of it is kept, unless that was during <see cref="TryFinishAsync"/>.</summary>
    public bool IsBroken => _connection.State != ConnectionState.Open;

    /// <summary>Records a success and commits; false if the claim is no longer ours: then nothing of the transaction is kept.</summary>
    /// <exception cref="InvalidOperationException">The handler has ended the transaction itself, or still reads from it.</exception>
    /// <exception cref="LedgerUnavailableException">The connection was cut before; nothing of the transaction is kept.</exception>
    /// <exception cref="PostgresException">The transaction can't be committed; nothing of it is kept.</exception>
    /// <exception cref="NpgsqlException">The answer was lost: only the fence tells whether it was committed (<see cref="FinishStage.FinishAloneAsync"/>).</exception>
    public async Task<bool> TryFinishAsync(Ended finish, CancellationToken cancellationToken)
    {
        if (IsBroken)
            throw new LedgerUnavailableException("The connection of the handler's transaction was cut.");
        await using (var batch = MakeBatch())
        {
            FinishStage.AddSucceeded(batch, [finish]);
            if (await batch.ExecuteNonQueryAsync(cancellationToken) == 0)
                return false; // rolled back when disposed of
        }

        await _transaction.CommitAsync(cancellationToken);
        if (_changes.Wanted)
            _changes.Tell([finish.TaskId]);
        return true;
    }

    private NpgsqlBatch MakeBatch()
    {
        try
        {
            return new NpgsqlBatch(_connection, _transaction);
        }
        catch (InvalidOperationException e)
        {
            // Refused before anything is sent: outside of a transaction the outcome would be recorded without the handler's rows.
            throw new InvalidOperationException("The handler has committed or rolled back its task's transaction; it must leave that to the worker.", e);
        }
    }

    /// <summary>Rolls back what is not committed, and makes room for another.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _place, null) is not { } place)
            return;
        try
        {
            await _transaction.DisposeAsync();
            await _connection.DisposeAsync();
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            // The connection is gone, and with it the transaction.
        }
        finally
        {
            place.Release();
        }
    }
}
