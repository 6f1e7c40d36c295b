using System.Collections.Concurrent;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Events;
using Messaging.Producer.Access;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Http;

/// <summary>Counts the event streams that are open in this process, keeps to their bounds, and ends those whose key has ended.</summary>
internal sealed class OpenStreams : IDisposable
{
    private readonly ConcurrentDictionary<StreamPlace, bool> _places = new();
    private readonly IOptions<EventOptions> _options;
    private readonly KeyCatalog _keys;
    private readonly AccessMode _mode;
    private int _all;
    private int _wide;

    public OpenStreams(IOptions<EventOptions> options, KeyCatalog keys, AccessMode mode)
    {
        (_options, _keys, _mode) = (options, keys, mode);
        _keys.Refreshed += EndStrangers;
    }

    /// <summary>How many are open.</summary>
    public int Count => Volatile.Read(ref _all);

    /// <summary>Takes a place; null if there is none, with the problem to answer.</summary>
    /// <param name="wide">Whether it is a stream of many tasks.</param>
    /// <param name="key">With which key it was opened; null: without one.</param>
    /// <param name="problem">Why there is none.</param>
    public StreamPlace? TryOpen(bool wide, ApiKey? key, out Problem? problem)
    {
        problem = null;
        if (Interlocked.Increment(ref _all) > _options.Value.MaxStreams)
            problem = Problems.TooManyStreams(_options.Value.MaxStreams, "event streams");
        else if (wide && Interlocked.Increment(ref _wide) > _options.Value.MaxWideStreams)
        {
            Interlocked.Decrement(ref _wide);
            problem = Problems.TooManyStreams(_options.Value.MaxWideStreams, "event streams of several tasks");
        }

        if (problem is null)
        {
            var place = new StreamPlace(this, wide, key?.Id);
            _places[place] = true;
            // The key may have ended between its check and here.
            if (IsStranger(place))
                _ = place.EndAsync();
            return place;
        }

        Interlocked.Decrement(ref _all);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _keys.Refreshed -= EndStrangers;

    /// <summary>Gives a place back.</summary>
    internal void Leave(StreamPlace place, bool wide)
    {
        if (!_places.TryRemove(place, out _))
            return;
        Interlocked.Decrement(ref _all);
        if (wide)
            Interlocked.Decrement(ref _wide);
    }

    private void EndStrangers(object? sender, EventArgs e)
    {
        foreach (var (place, _) in _places)
        {
            if (IsStranger(place))
                _ = place.EndAsync();
        }
    }

    /// <summary>Whether who holds the place would not be let in now. While nobody knows, everybody stays.</summary>
    private bool IsStranger(StreamPlace place) => place.KeyId is { } id ? _keys.Works(id) == false : _mode.LetsAnonymousIn(_keys) == false;
}

/// <summary>The place of one open stream.</summary>
internal sealed class StreamPlace(OpenStreams streams, bool wide, string? keyId) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();

    /// <summary>The key that it was opened with; null: none.</summary>
    public string? KeyId => keyId;

    /// <summary>Cancelled when the key works no more.</summary>
    public CancellationToken KeyEnded => _ended.Token;

    /// <summary>Ends the stream.</summary>
    public Task EndAsync() => _ended.CancelAsync();

    /// <summary>Gives the place back.</summary>
    public void Dispose() => streams.Leave(this, wide); // the source has no timer: nothing else to free, and it may be cancelled at this moment
}
