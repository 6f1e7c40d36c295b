using Npgsql;

namespace Messaging.Infrastructure.Store;

/// <summary>What a failed statement means for the rows in it. SQLSTATE classes: Postgres manual, appendix A.</summary>
public static class LedgerErrors
{
    /// <summary>True if some row's data is at fault (22 data exception, 23 constraint, 54 limit): the others can go on without it.</summary>
    public static bool IsDataError(Exception error) =>
        error is PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] };

    /// <summary>
    /// True if trying again may help: deadlock or serialisation (40), connection (08), shutdown or crash (57), out of
    /// resources (53: disk full, too many connections), lock timeout (55), I/O (58), a server that is read-only (25006: a standby,
    /// until the other one is found), a transaction given up because we were silent in it (25P03), a broken or timed-out connection.
    /// </summary>
    public static bool IsTransient(Exception error) => error switch
    {
        PostgresException p => p.SqlState is ['4', '0', ..] or ['0', '8', ..] or ['5', '7', ..] or ['5', '3', ..] or ['5', '5', ..] or ['5', '8', ..]
            or PostgresErrorCodes.ReadOnlySqlTransaction or "25P03",
        NpgsqlException or TimeoutException or System.IO.IOException or System.Net.Sockets.SocketException => true,
        // Npgsql 10.0, a command on a connection that is just being cut (npgsql/npgsql#6415).
        ObjectDisposedException { ObjectName: "System.Threading.ManualResetEventSlim" } => true,
        InvalidOperationException { InnerException: { } inner } => IsTransient(inner), // how EF Core passes on what it calls likely to be transient
        _ => false,
    };

    /// <summary>True if the commit may have happened all the same: the answer, not the work, was lost.</summary>
    public static bool IsUnclear(Exception error) => IsTransient(error) && error is not PostgresException { SqlState: ['4', '0', ..] };
}
