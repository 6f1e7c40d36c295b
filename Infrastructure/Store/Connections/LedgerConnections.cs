using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Store.Connections;

/// <summary>
/// The process's connections to the ledger, in six pools with a budget each, so that a flood of one sort of work never starves another:
/// a slow list can't hold up a claim, and a heartbeat never waits behind a submit.
/// </summary>
public sealed class LedgerConnections : IAsyncDisposable
{
    // Hot statements join arrays with primary keys. Their plans must be index lookups whatever the statistics say, also right after start,
    // when a partition is empty and was never analysed, and after an idle hour, when a table that will hold a million rows has been
    // vacuumed while it was empty. The settings alone are not enough: see docs/decisions/0043.
    private const string LookUps = "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c jit=off";

    private const string HotPlans = LookUps + " -c enable_bitmapscan=off";

    // A host that is gone without a word loses its connections, and so its locks, within 20 seconds instead of hours.
    private const string NoticeLostHosts = " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

    // Reads for people walk indexes too, but a list's best plan depends on its values: generic plans are not forced.
    private const string WebPlans = "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c jit=off -c statement_timeout=15s";

    /// <summary>Opens nothing yet: connections are made when first used.</summary>
    public LedgerConnections(IOptions<LedgerOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var o = options.Value;
        Durable = Pool(o, "durable", o.DurableConnections, HotPlans + NoticeLostHosts);
        Relaxed = Pool(o, "relaxed", o.RelaxedConnections, HotPlans + " -c synchronous_commit=off");
        Control = Pool(o, "control", o.ControlConnections, "-c jit=off");
        Web = Pool(o, "web", o.WebConnections, WebPlans);
        Events = Pool(o, "events", o.EventConnections, LookUps + " -c statement_timeout=15s");
        // Statements of users: planned as usual, what they set in a session is reset. A worker that hangs, or that was stopped, lets go
        // of its rows in the end.
        var idle = FormattableString.Invariant($"-c idle_in_transaction_session_timeout={o.HandlerTransactionIdle.TotalMilliseconds:0}");
        Handlers = Pool(o, "handlers", o.HandlerConnections, idle, reset: true);
    }

    /// <summary>Submits and finishes: a commit answered is on disk.</summary>
    public NpgsqlDataSource Durable { get; }

    /// <summary>Claims and settles: a commit lost in a database crash repeats work, nothing more.</summary>
    public NpgsqlDataSource Relaxed { get; }

    /// <summary>Heartbeats and background loops.</summary>
    public NpgsqlDataSource Control { get; }

    /// <summary>Reads and rare writes on behalf of people and HTTP clients.</summary>
    public NpgsqlDataSource Web { get; }

    /// <summary>Reads for live events: many ids at once, always by the same plans.</summary>
    public NpgsqlDataSource Events { get; }

    /// <summary>Transactions in which handlers write rows of their own. A commit answered is on disk.</summary>
    public NpgsqlDataSource Handlers { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Durable.DisposeAsync();
        await Relaxed.DisposeAsync();
        await Control.DisposeAsync();
        await Web.DisposeAsync();
        await Events.DisposeAsync();
        await Handlers.DisposeAsync();
    }

    private static NpgsqlDataSource Pool(LedgerOptions options, string purpose, int size, string settings, bool reset = false)
    {
        var connection = new NpgsqlConnectionStringBuilder(options.Postgres)
        {
            ApplicationName = $"messaging-{purpose}",
            MaxPoolSize = size,
            MinPoolSize = 0,
            // Hot statements are prepared by name (Parameters.ReadPreparedAsync). Automatic preparation is off: after a data error it
            // can answer a statement with another one's rows (npgsql/npgsql#6391).
            MaxAutoPrepare = 0,
            // The bounded writers wait for work, not for connections: a pool that is empty this long is a fault.
            Timeout = 5,
            CommandTimeout = 30,
            KeepAlive = 10,
            // Tells the refusal of an express copy from that of a task.
            IncludeFailedBatchedCommand = true,
            // Nothing of ours changes a session's state for longer than its transaction, so there is nothing to reset.
            NoResetOnClose = !reset,
        };
        connection.Options = string.IsNullOrEmpty(connection.Options) ? settings : $"{connection.Options} {settings}";
        return new NpgsqlDataSourceBuilder(connection.ConnectionString).Build();
    }
}
