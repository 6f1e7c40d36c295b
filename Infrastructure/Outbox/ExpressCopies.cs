using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Store;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Outbox;

/// <summary>Finds out what became of express copies.</summary>
internal sealed class ExpressCopies(SettleStage settle, ExpressRoutes routes, IOptions<RelayOptions> options, TimeProvider time)
{
    private readonly TimeSpan _patience = options.Value.ExpressPatience;

    /// <summary>
    /// Gives a copy a little time. A task that is not queued any more needs no other: whatever puts it back into its queue makes a row of its
    /// own. This one has been deleted then.
    /// </summary>
    /// <param name="row">The row of which <see cref="RelayEntry.SentAheadTo"/> is set.</param>
    /// <param name="stopping">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">It ended.</exception>
    public async Task<bool> IsTakenAsync(RelayEntry row, CancellationToken stopping)
    {
        FaultPoint.Reached(FaultPoint.AfterExpress); // dying here: the row of a dead owner is swept, and its copy dropped if the first one came through
        await Task.Delay(_patience, time, stopping);
        try
        {
            var taken = await settle.SettleIfTakenAsync(row.Id, row.Tasks[0].Id, stopping);
            routes.Report(row.SentAheadTo!, taken);
            return taken;
        }
        catch (Exception e) when (e is LedgerUnavailableException or NpgsqlException)
        {
            return false;
        }
    }
}
