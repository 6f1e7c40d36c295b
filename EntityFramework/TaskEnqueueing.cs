using System.Runtime.CompilerServices;
using System.Transactions;
using Messaging.Contracts.Kinds;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Messaging.EntityFramework;

/// <summary>
/// Enqueues tasks in the transaction in which a service writes its own rows, in the same database: both are there after the commit, or neither.
/// Any process of Messaging publishes them within half a second of the commit; one with a relay of its own at once, see
/// <see cref="RelayWaker"/>. Needs the function <c>messaging.submit</c>, which producers and workers install, and the right to execute it.
/// </summary>
/// <remarks>
/// A refusal by the database is a <see cref="PostgresException"/> whose <see cref="PostgresException.ConstraintName"/> is the problem's type
/// (<c>unknown-kind</c>, <c>invalid-value</c>, <c>idempotency-key-reused</c>, …) and whose transaction can only be rolled back, to a savepoint if
/// there is one. docs/sql.md has all of them.
/// </remarks>
public static class TaskEnqueueing
{
    // By EF's id of the transaction: Npgsql uses its transaction objects again.
    private static readonly ConditionalWeakTable<DbContext, object> Enqueued = new();

    /// <summary>Enqueues a task in the context's current transaction.</summary>
    /// <param name="db">A context on Npgsql with a transaction: <c>Database.BeginTransactionAsync</c>, <c>UseTransaction</c>, or an ambient one.</param>
    /// <param name="input">The task's input: a record with <see cref="TaskKindAttribute"/>.</param>
    /// <param name="options">How it is to run. Default: as its kind says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The task's id; of an earlier task, if the idempotency key has made one.</returns>
    /// <exception cref="InvalidOperationException">There is no transaction, or the context is not on Npgsql.</exception>
    /// <exception cref="InvalidTaskInputException">The input does not fit its kind's schema.</exception>
    /// <exception cref="PostgresException">The database refuses it.</exception>
    public static async Task<Guid> EnqueueTaskAsync<TResult>(
        this DbContext db, ITaskInput<TResult> input, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
    {
        var call = SubmitCall.Of(input, options);
        var (connection, transaction) = Find(db);
        if (transaction is null)
            await db.Database.OpenConnectionAsync(cancellationToken); // enlists it in the ambient transaction
        try
        {
            await using var command = call.On(connection, transaction);
            command.CommandTimeout = db.Database.GetCommandTimeout() ?? command.CommandTimeout;
            return Remember(db, await command.ExecuteScalarAsync(cancellationToken));
        }
        finally
        {
            if (transaction is null)
                await db.Database.CloseConnectionAsync();
        }
    }

    /// <summary>Enqueues a task in the context's current transaction.</summary>
    /// <param name="db">A context on Npgsql with a transaction: <c>Database.BeginTransaction</c>, <c>UseTransaction</c>, or an ambient one.</param>
    /// <param name="input">The task's input: a record with <see cref="TaskKindAttribute"/>.</param>
    /// <param name="options">How it is to run. Default: as its kind says.</param>
    /// <returns>The task's id; of an earlier task, if the idempotency key has made one.</returns>
    /// <exception cref="InvalidOperationException">There is no transaction, or the context is not on Npgsql.</exception>
    /// <exception cref="InvalidTaskInputException">The input does not fit its kind's schema.</exception>
    /// <exception cref="PostgresException">The database refuses it.</exception>
    public static Guid EnqueueTask<TResult>(this DbContext db, ITaskInput<TResult> input, EnqueueOptions? options = null)
    {
        var call = SubmitCall.Of(input, options);
        var (connection, transaction) = Find(db);
        if (transaction is null)
            db.Database.OpenConnection();
        try
        {
            using var command = call.On(connection, transaction);
            command.CommandTimeout = db.Database.GetCommandTimeout() ?? command.CommandTimeout;
            return Remember(db, command.ExecuteScalar());
        }
        finally
        {
            if (transaction is null)
                db.Database.CloseConnection();
        }
    }

    /// <summary>Enqueues a task in a transaction of plain Npgsql.</summary>
    /// <param name="transaction">The transaction, open.</param>
    /// <param name="input">The task's input: a record with <see cref="TaskKindAttribute"/>.</param>
    /// <param name="options">How it is to run. Default: as its kind says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The task's id; of an earlier task, if the idempotency key has made one.</returns>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    /// <exception cref="InvalidTaskInputException">The input does not fit its kind's schema.</exception>
    /// <exception cref="PostgresException">The database refuses it.</exception>
    public static async Task<Guid> EnqueueTaskAsync<TResult>(
        this NpgsqlTransaction transaction, ITaskInput<TResult> input, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
    {
        await using var command = SubmitCall.Of(input, options).On(ConnectionOf(transaction), transaction);
        return (Guid)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Enqueues a task in a transaction of plain Npgsql.</summary>
    /// <param name="transaction">The transaction, open.</param>
    /// <param name="input">The task's input: a record with <see cref="TaskKindAttribute"/>.</param>
    /// <param name="options">How it is to run. Default: as its kind says.</param>
    /// <returns>The task's id; of an earlier task, if the idempotency key has made one.</returns>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    /// <exception cref="InvalidTaskInputException">The input does not fit its kind's schema.</exception>
    /// <exception cref="PostgresException">The database refuses it.</exception>
    public static Guid EnqueueTask<TResult>(this NpgsqlTransaction transaction, ITaskInput<TResult> input, EnqueueOptions? options = null)
    {
        using var command = SubmitCall.Of(input, options).On(ConnectionOf(transaction), transaction);
        return (Guid)command.ExecuteScalar()!;
    }

    /// <summary>True if a task was enqueued in this transaction of a context, and in none of it since.</summary>
    internal static bool HasTasks(DbContext db, Guid transactionId) => Enqueued.TryGetValue(db, out var last) && transactionId.Equals(last);

    private static Guid Remember(DbContext db, object? id)
    {
        if (db.Database.CurrentTransaction is { } transaction)
            Enqueued.AddOrUpdate(db, transaction.TransactionId);
        return (Guid)id!;
    }

    private static NpgsqlConnection ConnectionOf(NpgsqlTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return transaction.Connection ?? throw new InvalidOperationException("The transaction has ended: nothing more can be enqueued in it.");
    }

    private static (NpgsqlConnection Connection, NpgsqlTransaction? Transaction) Find(DbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        if (db.Database.GetDbConnection() is not NpgsqlConnection connection)
        {
            throw new InvalidOperationException(
                $"{db.GetType().Name} is not on Npgsql: the tasks' ledger is a Postgres database, and only a transaction of its own can hold both.");
        }

        if (db.Database.CurrentTransaction?.GetDbTransaction() is NpgsqlTransaction transaction)
            return (connection, transaction);
        if (db.Database.GetEnlistedTransaction() is not null || Transaction.Current is not null)
            return (connection, null);
        // Alone it would be committed at once, whatever became of the rows that it belongs to.
        throw new InvalidOperationException(
            "There is no transaction to enqueue in. Begin one (await using var transaction = await db.Database.BeginTransactionAsync()), save and enqueue, "
            + "and commit it. With a retrying execution strategy do all of it inside db.Database.CreateExecutionStrategy().ExecuteAsync(…).");
    }
}
