using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Store.Kinds;

/// <summary>The registered kinds in memory, re-read every <see cref="Interval"/>. Reading it costs a dictionary look-up.</summary>
public sealed class KindCatalog(LedgerConnections ledger, TimeProvider time, ILogger<KindCatalog> log) : BackgroundService
{
    /// <summary>How old the catalogue may be.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private FrozenDictionary<string, RegisteredKind> _kinds = FrozenDictionary<string, RegisteredKind>.Empty;

    /// <summary>All registered kinds.</summary>
    public IReadOnlyCollection<RegisteredKind> All => Volatile.Read(ref _kinds).Values;

    /// <summary>Finds a kind by name.</summary>
    public bool TryGet(string name, [MaybeNullWhen(false)] out RegisteredKind kind) => Volatile.Read(ref _kinds).TryGetValue(name, out kind);

    /// <summary>How long an attempt of a kind runs on average; null if nobody has measured.</summary>
    public TimeSpan? MeanRun(string kind) => TryGet(kind, out var known) ? known.MeanRun : null;

    /// <summary>Reads the registered kinds now.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached; what was known stays.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var before = Volatile.Read(ref _kinds);
        var kinds = new Dictionary<string, RegisteredKind>(StringComparer.Ordinal);
        await using var command = ledger.Control.CreateCommand(KindSql.All);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var description = new KindDescription(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetString(4),
                TimeSpan.FromMilliseconds(reader.GetInt64(5)),
                new RetryPolicy(reader.GetInt32(6), TimeSpan.FromMilliseconds(reader.GetInt64(7)), TimeSpan.FromMilliseconds(reader.GetInt64(8))));
            TimeSpan? meanRun = await reader.IsDBNullAsync(9, cancellationToken) ? null : TimeSpan.FromMilliseconds(reader.GetFloat(9));
            if (Compile(description, before) is { } schema)
                kinds[description.Name] = new RegisteredKind(description, schema, meanRun);
        }

        Volatile.Write(ref _kinds, kinds.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>One kind whose schema can't be read is left out, with a warning; it must not take the others down.</summary>
    private InputSchema? Compile(KindDescription kind, FrozenDictionary<string, RegisteredKind> before)
    {
        if (before.TryGetValue(kind.Name, out var known) && known.Description.InputSchema == kind.InputSchema)
            return known.Schema;
        try
        {
            return InputSchema.Parse(kind.InputSchema);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or System.Text.Json.JsonException)
        {
            log.KindLeftOut(kind.Name, e.Message);
            return null;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.KindsNotRead(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
