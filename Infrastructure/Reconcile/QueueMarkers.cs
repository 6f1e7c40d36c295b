using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>
/// Learns what the broker holds without asking it: a marker goes through a queue, and when a worker has consumed it, whatever was
/// published before it has come out too. What of that is still queued, unclaimed and in no worker's hands is lost and goes back to
/// the outbox. A backlog, however long, is in front of the marker and is never published again. See docs/decisions/0019.
/// </summary>
public sealed class QueueMarkers(
    LedgerConnections ledger,
    ITaskPublisher publisher,
    LedgerClock clock,
    Repairs repairs,
    OutboxSignal outbox,
    IOptions<ReconcileOptions> options,
    ILogger<QueueMarkers> log)
{
    private const int LostPage = 10_000;

    private static readonly TimeSpan SendDeadline = TimeSpan.FromSeconds(10);

    private readonly ReconcileOptions _options = options.Value;

    /// <summary>Sends a marker through a queue, unless one is under way or nobody would consume it. Answers whether one was sent.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<bool> SendAsync(string queue, CancellationToken cancellationToken) =>
        await AskAsync(MarkerSql.NoneUnderWay, queue, cancellationToken) && await SendAsync(queue, 0, cancellationToken);

    /// <summary>Judges the markers that were consumed and sends others after those that are missing. Answers how many tasks were lost.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> LookAfterAsync(CancellationToken cancellationToken)
    {
        var lost = 0;
        foreach (var (marker, queue, cutoff, isVoid) in await RipeAsync(cancellationToken))
        {
            if (!isVoid)
                lost += await QueueLostAsync(queue, cutoff, cancellationToken);
            await ExecuteAsync(MarkerSql.Forget, cancellationToken, new NpgsqlParameter<Guid> { TypedValue = marker });
            if (!isVoid)
                continue;
            log.MarkerVoid(marker, queue);
            await SendAsync(queue, cancellationToken);
        }

        foreach (var (queue, missing) in await MissingAsync(cancellationToken))
            await SendAsync(queue, missing, cancellationToken);
        await ExecuteAsync(MarkerSql.ForgetOld, cancellationToken);
        return lost;
    }

    private async Task<bool> SendAsync(string queue, int resends, CancellationToken cancellationToken)
    {
        if (!await AskAsync(MarkerSql.MayBeSent, queue, cancellationToken))
            return false;
        var marker = clock.NewId();
        var cutoff = await PrepareAsync(marker, queue, resends, cancellationToken);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(SendDeadline);
            await publisher.PublishMarkerAsync(queue, marker, deadline.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            log.MarkerNotSent(queue, e is OperationCanceledException ? "no confirm in time" : e.Message);
            await ExecuteAsync(MarkerSql.Withdraw, cancellationToken, new NpgsqlParameter<Guid> { TypedValue = marker });
            return false;
        }

        log.MarkerSent(marker, queue, cutoff);
        return true;
    }

    private async Task<DateTimeOffset> PrepareAsync(Guid marker, string queue, int resends, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Control.OpenConnectionAsync(cancellationToken);
        await using var look = new NpgsqlCommand(MarkerSql.OldestWriter, connection);
        var oldestWriter = (DateTime)(await look.ExecuteScalarAsync(cancellationToken))!;
        await using var prepare = new NpgsqlCommand(MarkerSql.Prepare, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = marker },
                new NpgsqlParameter<string> { TypedValue = queue },
                new NpgsqlParameter<int> { TypedValue = resends },
                new NpgsqlParameter<DateTime> { TypedValue = oldestWriter },
                new NpgsqlParameter<TimeSpan> { TypedValue = _options.Margin },
            },
        };
        return new DateTimeOffset((DateTime)(await prepare.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    private async Task<int> QueueLostAsync(string queue, DateTime cutoff, CancellationToken cancellationToken)
    {
        var lost = 0;
        Guid? after = Guid.Empty;
        for (var candidates = (long)LostPage; candidates == LostPage && after is not null;)
        {
            await using var command = ledger.Control.CreateCommand(MarkerSql.QueueLost);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = queue });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = cutoff });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after.Value });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = LostPage });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            candidates = reader.GetInt64(0);
            after = await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetGuid(1);
            lost += (int)reader.GetInt64(2);
        }

        if (lost == 0)
            return 0;
        log.LostInBroker(lost, queue);
        await repairs.CountAsync(RepairSorts.LostInBroker, lost, cancellationToken);
        outbox.Wake();
        return lost;
    }

    private async Task<List<(Guid Marker, string Queue, DateTime Cutoff, bool Void)>> RipeAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(MarkerSql.Ripe);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.Settle });
        var ripe = new List<(Guid, string, DateTime, bool)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            ripe.Add((reader.GetGuid(0), reader.GetString(1), reader.GetDateTime(2), reader.GetBoolean(3)));
        return ripe;
    }

    private async Task<List<(string Queue, int Missing)>> MissingAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(MarkerSql.Missing);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.MarkerPatience });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.LongestMarkerPatience });
        var missing = new List<(string, int)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            missing.Add((reader.GetString(0), reader.GetInt32(1)));
        return missing;
    }

    private async Task<bool> AskAsync(string question, string queue, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(question);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = queue });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = ledger.Control.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
