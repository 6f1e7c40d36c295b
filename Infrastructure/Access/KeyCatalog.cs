using System.Collections.Concurrent;
using System.Collections.Frozen;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Access;

/// <summary>What a look at a key says.</summary>
public enum KeyState
{
    /// <summary>It works.</summary>
    Valid,

    /// <summary>It is no key, never was one, or is revoked.</summary>
    Unknown,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>The ledger has not been heard of for <see cref="KeyCatalog.LongestAge"/>: nobody knows whether it still works.</summary>
    Undecided,
}

/// <summary>
/// All keys that work, in memory, re-read every <see cref="Interval"/>: checking one costs a look-up and a hash. What was read longer than
/// <see cref="LongestAge"/> ago decides nothing, so a revoked key works no longer than that, whatever happens to the connection.
/// </summary>
public sealed class KeyCatalog(
    LedgerConnections ledger, LedgerClock clock, IOptions<AccessOptions> options, TimeProvider time, ILogger<KeyCatalog> log) : BackgroundService
{
    /// <summary>How often the keys are read.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How old what was read may be: the bound on how long a revoked key works.</summary>
    public static readonly TimeSpan LongestAge = TimeSpan.FromSeconds(5);

    // Somebody who tries keys a thousand times a second must not become a load on the ledger.
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(500);

    // A read that hangs must not hold up those that wait for it.
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(3);

    private static readonly byte[] NoHash = new byte[32];

    private readonly ConcurrentDictionary<string, bool> _used = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private Known? _known;
    private Task? _read;
    private long _readAt;

    private sealed record Known(FrozenDictionary<string, (ApiKey Key, byte[] Hash)> Keys, bool Any, long Timestamp);

    /// <summary>Whether a key was ever made; null: nobody could be asked yet.</summary>
    public bool? Any => Volatile.Read(ref _known)?.Any;

    /// <summary>Raised after each read of the keys, by the reader: those who listen must be quick.</summary>
    public event EventHandler? Refreshed;

    /// <summary>Whether the key with an id works, as far as was read last; null: nothing was read yet.</summary>
    public bool? Works(string id) => Volatile.Read(ref _known) is { } known ? known.Keys.TryGetValue(id, out var entry) && !(entry.Key.ExpiresAt <= clock.Now) : null;

    /// <summary>Looks at a key by its id, for what was made with it (<see cref="StreamTokens"/>).</summary>
    public async ValueTask<(KeyState State, ApiKey? Key)> CheckIdAsync(string id, CancellationToken cancellationToken) =>
        await KnownAsync(id, cancellationToken) is not { } known ? (KeyState.Undecided, null)
        : known.Keys.TryGetValue(id, out var entry) ? Use(entry.Key)
        : (KeyState.Unknown, null);

    /// <summary>Looks at a key. One that is not known yet is looked for in the ledger, at most twice a second: it may have been made a moment ago.</summary>
    public async ValueTask<(KeyState State, ApiKey? Key)> CheckAsync(string key, CancellationToken cancellationToken)
    {
        if (!KeySecret.TryRead(key, out var id))
            return (KeyState.Unknown, null);
        if (await KnownAsync(id, cancellationToken) is not { } known)
            return (KeyState.Undecided, null);
        var found = known.Keys.TryGetValue(id, out var entry);
        return KeySecret.Fits(key, found ? entry.Hash : NoHash) ? Use(entry.Key) : (KeyState.Unknown, null);
    }

    /// <summary>Reads the keys now.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached; what was known stays, until it is too old.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestRead, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        // Before the read: what is revoked during it may be missing in it.
        var timestamp = time.GetTimestamp();
        await using var connection = await ledger.Control.OpenConnectionAsync(either.Token);
        await using var batch = connection.CreateBatch();
        batch.Add(KeySql.Any);
        batch.Add(KeySql.Usable);
        await using var reader = await batch.ExecuteReaderAsync(either.Token);
        await reader.ReadAsync(either.Token);
        var any = reader.GetBoolean(0);
        await reader.NextResultAsync(either.Token);
        var keys = new Dictionary<string, (ApiKey, byte[])>(StringComparer.Ordinal);
        while (await reader.ReadAsync(either.Token))
        {
            var key = KeyStore.Read(reader);
            keys[key.Id] = (key, await reader.GetFieldValueAsync<byte[]>(8, either.Token));
        }

        bool first;
        lock (_lock)
        {
            if (_known is { } newer && newer.Timestamp > timestamp)
                return;
            first = any && _known is not { Any: true };
            Volatile.Write(ref _known, new Known(keys.ToFrozenDictionary(StringComparer.Ordinal), any, timestamp));
        }

        if (first)
            log.KeysNeeded();
        Refreshed?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>Returns when the keys were read, or could not be.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryReadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval < options.Value.NoteUseEvery ? Interval : options.Value.NoteUseEvery, time);
        var noted = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryReadAsync(stoppingToken);
                if (time.GetElapsedTime(noted) < options.Value.NoteUseEvery)
                    continue;
                noted = time.GetTimestamp();
                await NoteUseAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await NoteUseAsync(CancellationToken.None);
        }
    }

    /// <summary>What is known, new enough to decide by; null: nothing is.</summary>
    private async ValueTask<Known?> KnownAsync(string id, CancellationToken cancellationToken)
    {
        var known = Volatile.Read(ref _known);
        if (known is null || IsOld(known) || !known.Keys.ContainsKey(id))
        {
            await ReadSoonAsync(cancellationToken);
            known = Volatile.Read(ref _known);
        }

        return known is null || IsOld(known) ? null : known;
    }

    private (KeyState State, ApiKey? Key) Use(ApiKey key)
    {
        if (key.ExpiresAt <= clock.Now)
            return (KeyState.Expired, key);
        if (!_used.ContainsKey(key.Id))
            _used[key.Id] = true;
        return (KeyState.Valid, key);
    }

    private bool IsOld(Known known) => time.GetElapsedTime(known.Timestamp) > LongestAge;

    /// <summary>One read for all that ask at the same time.</summary>
    private async Task ReadSoonAsync(CancellationToken cancellationToken)
    {
        Task read;
        lock (_lock)
        {
            if (_read is null || (_read.IsCompleted && time.GetElapsedTime(_readAt) >= BetweenReads))
            {
                _readAt = time.GetTimestamp();
                _read = TryReadAsync(CancellationToken.None);
            }

            read = _read;
        }

        await read.WaitAsync(cancellationToken);
    }

    private async Task TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && (LedgerErrors.IsTransient(e) || e is OperationCanceledException or PostgresException))
        {
            log.KeysNotRead(e.Message);
        }
    }

    private async Task NoteUseAsync(CancellationToken cancellationToken)
    {
        var used = _used.Keys.Order(StringComparer.Ordinal).ToArray();
        if (used.Length == 0)
            return;
        foreach (var id in used)
            _used.TryRemove(id, out _);
        try
        {
            await using var command = ledger.Control.CreateCommand(KeySql.Used);
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = used });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            foreach (var id in used)
                _used[id] = true;
            log.UseNotNoted(e.Message);
        }
    }
}
