using System.Data;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>
/// Somebody who began to read the tasks and then went away: a repeatable-read transaction that stays open. What ends or changes after it
/// can't be removed from any table of the database, and the tables that it has read can't be changed.
/// </summary>
/// <param name="connectionString">The database.</param>
internal sealed class HeldSnapshot(string connectionString) : IAsyncDisposable
{
    private NpgsqlConnection? _reader;

    /// <summary>Takes the snapshot, unless it is held already.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (_reader is not null)
            return;
        var single = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 600 };
        _reader = new NpgsqlConnection(single.ConnectionString);
        await _reader.OpenAsync(cancellationToken);
        var transaction = await _reader.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var read = new NpgsqlCommand("SELECT count(*) FROM messaging.tasks", _reader, transaction);
        await read.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Lets go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_reader is not null)
            await _reader.DisposeAsync();
        _reader = null;
    }
}
