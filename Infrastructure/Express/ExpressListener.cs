using Messaging.Infrastructure.Hints;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Express;

/// <summary>
/// Hears the express copies that are meant for this worker, as notifications of Postgres on a channel of its own, over a connection of its own. The
/// heartbeat tells others of the channel (<see cref="InstanceProfile.Express"/>), from when a notification has come through it.
/// </summary>
public sealed class ExpressListener : HintListener
{
    // Behind a pooler that hands connections round nothing comes back.
    private static readonly TimeSpan TestPatience = TimeSpan.FromSeconds(3);

    private readonly LedgerConnections _ledger;
    private readonly string _connectionString;
    private readonly TimeProvider _time;
    private readonly InstanceProfile _profile;
    private readonly IExpressReceiver _receiver;
    private readonly ILogger<ExpressListener> _log;

    /// <summary>Idle until it is started.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="options">Where it is.</param>
    /// <param name="profile">Says which queues are this worker's, and is told of the channel.</param>
    /// <param name="receiver">Takes what comes.</param>
    /// <param name="time">Clock for the pauses.</param>
    /// <param name="log">Log.</param>
    public ExpressListener(
        LedgerConnections ledger, IOptions<LedgerOptions> options, InstanceProfile profile, IExpressReceiver receiver, TimeProvider time, ILogger<ExpressListener> log)
        : base(time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _connectionString = new NpgsqlConnectionStringBuilder(options.Value.Postgres)
        {
            Pooling = false,
            Timeout = 5,
            KeepAlive = 10,
            ApplicationName = "messaging-express",
        }.ConnectionString;
        (_ledger, _profile, _receiver, _time, _log) = (ledger, profile, receiver, time, log);
    }

    private protected override async Task<string> ListenAsync(Action connected, CancellationToken stoppingToken)
    {
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(stoppingToken);
        var hears = false;
        connection.Notification += (_, notification) =>
        {
            hears = true;
            Hear(notification.Payload);
        };
        var channel = ExpressSql.NewChannel();
        await using (var listen = new NpgsqlCommand(ExpressSql.Listen(channel), connection))
            await listen.ExecuteNonQueryAsync(stoppingToken);
        await TryOutAsync(channel, stoppingToken);
        for (var since = _time.GetTimestamp(); !hears; await connection.WaitAsync(TestPatience, stoppingToken))
        {
            if (_time.GetElapsedTime(since) >= TestPatience)
                throw new InvalidOperationException("The ledger does not hand notifications on: is there a connection pooler in between?");
        }

        try
        {
            _profile.Express = channel;
            connected();
            while (true)
                await connection.WaitAsync(stoppingToken);
        }
        finally
        {
            _profile.Express = null;
        }
    }

    private protected override void OnConnected() => _log.ExpressOpen();

    private protected override void OnAway(string reason) => _log.ExpressAway(reason);

    /// <summary>Says something on the channel, over another connection, as others will.</summary>
    private async Task TryOutAsync(string channel, CancellationToken stoppingToken)
    {
        await using var tell = _ledger.Control.CreateCommand(ExpressSql.Tell);
        tell.Parameters.Add(new NpgsqlParameter<string> { TypedValue = channel });
        tell.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "" });
        await tell.ExecuteNonQueryAsync(stoppingToken);
    }

    private void Hear(string payload)
    {
        // What can't be read is told of when its other copy comes.
        if (ExpressMessage.TryRead(payload, out var queue, out var message) && _profile.Queues.Contains(queue))
            _receiver.Receive(queue, message);
    }
}
