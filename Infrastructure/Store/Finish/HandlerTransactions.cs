using System.Diagnostics.CodeAnalysis;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Store.Finish;

/// <summary>
/// Opens the transactions in which handlers write rows of their own. They come from a pool of their own, because a handler may hold
/// one for seconds; who finds none free waits for it.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle, and an abandoned handler may give its place back after the end.")]
public sealed class HandlerTransactions(LedgerConnections ledger, TaskChanges changes, IOptions<LedgerOptions> options)
{
    private readonly SemaphoreSlim _free = new(options.Value.HandlerConnections);

    /// <summary>Begins a transaction: read committed, synchronous commit.</summary>
    /// <exception cref="LedgerUnavailableException">The ledger can't be reached.</exception>
    /// <exception cref="OperationCanceledException">The token came first.</exception>
    public async Task<HandlerTransaction> BeginAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            var connection = await ledger.Handlers.OpenConnectionAsync(cancellationToken);
            try
            {
                return new HandlerTransaction(connection, await connection.BeginTransactionAsync(cancellationToken), _free, changes);
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }
        catch (Exception e)
        {
            _free.Release();
            if (LedgerErrors.IsTransient(e))
                throw new LedgerUnavailableException($"A handler's transaction could not be opened: {e.Message}", e);
            throw;
        }
    }
}
