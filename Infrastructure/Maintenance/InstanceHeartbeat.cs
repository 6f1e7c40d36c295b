using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Maintenance;

/// <summary>
/// Says every second that this process is alive, on a thread and a connection of its own: neither a starved thread pool nor a busy
/// connection pool may make it look dead. A beat that changes no row means that others have declared it dead: it takes a new
/// identity and raises <see cref="DeclaredDead"/>.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "StopAsync disposes; the host always calls it.")]
public sealed class InstanceHeartbeat(
    IOptions<LedgerOptions> options, InstanceIdentity identity, InstanceProfile profile, LedgerClock clock, TaskChanges changes, TimeProvider time,
    ILogger<InstanceHeartbeat> log)
    : IHostedService
{
    /// <summary>The time between two beats.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ManualResetEventSlim _stop = new();
    private Thread? _thread;
    private NpgsqlConnection? _connection;

    /// <summary>Raised, on the heartbeat's thread, when this process was declared dead; the argument is the identity that it had.</summary>
    public event Action<Guid>? DeclaredDead;

    /// <summary>The <see cref="TimeProvider"/> timestamp of the last beat that the ledger answered; 0 before the first.</summary>
    public long LastBeat { get; private set; }

    /// <summary>Registers the process, for as long as it takes, and starts beating.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (!TryRegister())
            await Task.Delay(Interval, time, cancellationToken);
        _thread = new Thread(BeatUntilStopped) { IsBackground = true, Name = "heartbeat", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>Takes the process off the list. Comes last: after the runtime has drained and the relay has let go.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stop.Set();
        _thread?.Join(TimeSpan.FromSeconds(5));
        try
        {
            using var command = new NpgsqlCommand(InstanceSql.Deregister, Connect()) { Parameters = { Id() }, CommandTimeout = 5 };
            command.ExecuteNonQuery();
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            log.NotDeregistered(e.Message);
        }

        _connection?.Dispose();
        _stop.Dispose();
        return Task.CompletedTask;
    }

    private void BeatUntilStopped()
    {
        while (!_stop.Wait(Interval))
        {
            try
            {
                Beat();
            }
            catch (Exception e)
            {
                // Whatever it is (a connection that breaks while it is made is a bare IOException): it would end the process.
                log.BeatMissed(e.Message);
                _connection?.Dispose();
                _connection = null;
            }
        }
    }

    /// <summary>A ledger that goes away right after the start is no reason to end.</summary>
    private bool TryRegister()
    {
        try
        {
            Register();
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return true; // an earlier try was committed, and only its answer was lost
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            log.BeatMissed(e.Message);
            _connection?.Dispose();
            _connection = null;
            return false;
        }
    }

    private void Beat()
    {
        var asked = time.GetTimestamp();
        var inHand = profile.InHand();
        var listening = profile.Listening();
        using var command = new NpgsqlCommand(InstanceSql.Beat, Connect())
        {
            Parameters =
            {
                Id(),
                new() { Value = profile.Running },
                new() { Value = profile.Draining },
                Time(inHand.Since),
                Time(inHand.LastReturned),
                new() { Value = listening },
                new NpgsqlParameter<string> { TypedValue = profile.Express },
            },
            CommandTimeout = 3,
        };
        if (TryRead(command, asked, listening))
            return;

        var dead = identity.Id;
        identity.Renew();
        Register();
        log.DeclaredDead(dead, identity.Id);
        DeclaredDead?.Invoke(dead);
    }

    private bool TryRead(NpgsqlCommand command, long asked, bool listening)
    {
        using var reader = command.ExecuteReader();
        if (!reader.Read())
            return false;
        clock.Correct(new DateTimeOffset(reader.GetDateTime(0), TimeSpan.Zero), asked);
        // Of its own row the statement sees what the last beat said.
        changes.Wanted = listening || reader.GetBoolean(1);
        LastBeat = asked;
        return true;
    }

    private void Register()
    {
        using var command = new NpgsqlCommand(InstanceSql.Register, Connect())
        {
            Parameters =
            {
                Id(),
                new() { Value = profile.Role },
                new() { Value = Environment.MachineName },
                new() { Value = Environment.ProcessId },
                new() { Value = Assembly.GetEntryAssembly()?.GetName().Version?.ToString(3) ?? "0" },
                new() { Value = profile.Slots },
                new() { Value = profile.Queues.ToArray() },
                new() { Value = profile.Kinds.ToArray() },
            },
            CommandTimeout = 3,
        };
        command.ExecuteNonQuery();
        LastBeat = time.GetTimestamp();
    }

    private NpgsqlConnection Connect()
    {
        if (_connection is not null)
            return _connection;
        var single = new NpgsqlConnectionStringBuilder(options.Value.Postgres)
        {
            Pooling = false,
            Timeout = 3,
            ApplicationName = "messaging-heartbeat",
        };
        var connection = new NpgsqlConnection(single.ConnectionString);
        connection.Open();
        return _connection = connection;
    }

    private static NpgsqlParameter Time(DateTimeOffset? at) =>
        new() { NpgsqlDbType = NpgsqlDbType.TimestampTz, Value = at is { } time ? time.UtcDateTime : DBNull.Value };

    private NpgsqlParameter<Guid> Id() => new NpgsqlParameter<Guid> { TypedValue = identity.Id };
}
