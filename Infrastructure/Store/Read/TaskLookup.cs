using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Submit;
using Npgsql;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>Reads tasks that somebody can name, without inputs and results.</summary>
public sealed class TaskLookup(LedgerConnections ledger)
{
    /// <summary>Reads tasks by their ids, all at one moment and in the order of the ids; unknown ones are left out.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<TaskRecord>> FindAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        return await TaskReader.LoadAsync(connection, ids, cancellationToken);
    }

    /// <summary>Reads the task that an idempotency key has made, if the key is still remembered and the task still there.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<TaskRecord?> FindByKeyAsync(string scope, string key, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var find = new NpgsqlCommand(KeySql.Find, connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = scope }, new NpgsqlParameter<string> { TypedValue = key } },
        };
        return await find.ExecuteScalarAsync(cancellationToken) is Guid id
            ? (await TaskReader.LoadAsync(connection, [id], cancellationToken)).SingleOrDefault()
            : null;
    }
}
