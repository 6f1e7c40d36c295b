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

    private readonly string _connectionString;
    private readonly InstanceProfile _profile;
    private readonly IExpressReceiver _receiver;
    private readonly ILogger<ExpressListener> _log;

    /// <summary>Idle until it is started.</summary>
    /// <param name="options">The ledger.</param>
    /// <param name="profile">Says which queues are this worker's, and is told of the channel.</param>
    /// <param name="receiver">Takes what comes.</param>
    /// <param name="time">Clock for the pauses.</param>
    /// <param name="log">Log.</param>
    public ExpressListener(IOptions<LedgerOptions> options, InstanceProfile profile, IExpressReceiver receiver, TimeProvider time, ILogger<ExpressListener> log)
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
        (_profile, _receiver, _log) = (profile, receiver, log);
    }

    private protected override async Task<string> ListenAsync(Action connected, CancellationToken stoppingToken)
    {
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(stoppingToken);
        var tested = false;
        connection.Notification += (_, notification) =>
        {
            tested = true;
            Hear(notification.Payload);
        };
        var channel = ExpressSql.NewChannel();
        await using (var command = new NpgsqlCommand($"{ExpressSql.Listen(channel)}; SELECT pg_notify('{channel}', '')", connection))
            await command.ExecuteNonQueryAsync(stoppingToken);
        if (!tested && !await connection.WaitAsync(TestPatience, stoppingToken))
            throw new InvalidOperationException("The ledger does not hand notifications on: is there a connection pooler in between?");
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

    private void Hear(string payload)
    {
        // What can't be read is told of when its other copy comes.
        if (ExpressMessage.TryRead(payload, out var queue, out var message) && _profile.Queues.Contains(queue))
            _receiver.Receive(queue, message);
    }
}
