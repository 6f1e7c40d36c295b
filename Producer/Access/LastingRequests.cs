using System.Collections.Concurrent;
using Messaging.Infrastructure.Access;

namespace Messaging.Producer.Access;

/// <summary>
/// Requests that last: event streams, long polls. They were let in once; when whoever made them would not be let in any more, they end. Looked at
/// whenever the keys are read.
/// </summary>
internal sealed class LastingRequests : IDisposable
{
    private readonly ConcurrentDictionary<LastingRequest, bool> _all = new();
    private readonly KeyCatalog _keys;
    private readonly AccessMode _mode;

    public LastingRequests(KeyCatalog keys, AccessMode mode)
    {
        (_keys, _mode) = (keys, mode);
        _keys.Refreshed += EndStrangers;
    }

    /// <summary>How many there are.</summary>
    public int Count => _all.Count;

    /// <summary>From here on the request ends with its key. To be disposed of with the request.</summary>
    /// <param name="key">With which key it was let in; null: without one.</param>
    public LastingRequest Begin(ApiKey? key)
    {
        var request = new LastingRequest(this, key?.Id);
        _all[request] = true;
        // The key may have ended between its check and here.
        if (IsOfStranger(request))
            _ = request.EndAsync();
        return request;
    }

    /// <inheritdoc/>
    public void Dispose() => _keys.Refreshed -= EndStrangers;

    internal void Forget(LastingRequest request) => _all.TryRemove(request, out _);

    private void EndStrangers(object? sender, EventArgs e)
    {
        foreach (var (request, _) in _all)
        {
            if (IsOfStranger(request))
                _ = request.EndAsync();
        }
    }

    /// <summary>Whether who made the request would not be let in now. While nobody knows, everybody stays.</summary>
    private bool IsOfStranger(LastingRequest request) => request.KeyId is { } id ? _keys.Works(id) == false : _mode.LetsAnonymousIn(_keys) == false;
}

/// <summary>One request that lasts.</summary>
internal sealed class LastingRequest(LastingRequests requests, string? keyId) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();

    /// <summary>The key that it was let in with; null: none.</summary>
    public string? KeyId => keyId;

    /// <summary>Cancelled when the key works no more.</summary>
    public CancellationToken KeyEnded => _ended.Token;

    /// <summary>Ends it.</summary>
    public Task EndAsync() => _ended.CancelAsync();

    /// <summary>It is over.</summary>
    public void Dispose() => requests.Forget(this); // the source has no timer: nothing else to free, and it may be cancelled at this moment
}
