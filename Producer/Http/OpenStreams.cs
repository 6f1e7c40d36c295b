using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Events;
using Messaging.Producer.Access;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Http;

/// <summary>Counts the event streams that are open in this process, and keeps to their bounds.</summary>
internal sealed class OpenStreams(IOptions<EventOptions> options, LastingRequests requests)
{
    private int _all;
    private int _wide;

    /// <summary>How many are open.</summary>
    public int Count => Volatile.Read(ref _all);

    /// <summary>Takes a place; null if there is none, with the problem to answer.</summary>
    /// <param name="wide">Whether it is a stream of many tasks.</param>
    /// <param name="key">With which key it was opened; null: without one.</param>
    /// <param name="problem">Why there is none.</param>
    public StreamPlace? TryOpen(bool wide, ApiKey? key, out Problem? problem)
    {
        problem = null;
        if (Interlocked.Increment(ref _all) > options.Value.MaxStreams)
            problem = Problems.TooManyStreams(options.Value.MaxStreams, "event streams");
        else if (wide && Interlocked.Increment(ref _wide) > options.Value.MaxWideStreams)
        {
            Interlocked.Decrement(ref _wide);
            problem = Problems.TooManyStreams(options.Value.MaxWideStreams, "event streams of several tasks");
        }

        if (problem is null)
            return new StreamPlace(this, wide, requests.Begin(key));
        Interlocked.Decrement(ref _all);
        return null;
    }

    /// <summary>Gives a place back.</summary>
    internal void Leave(bool wide)
    {
        Interlocked.Decrement(ref _all);
        if (wide)
            Interlocked.Decrement(ref _wide);
    }
}

/// <summary>The place of one open stream.</summary>
internal sealed class StreamPlace(OpenStreams streams, bool wide, LastingRequest request) : IDisposable
{
    private int _left;

    /// <summary>Cancelled when the key that it was opened with works no more.</summary>
    public CancellationToken KeyEnded => request.KeyEnded;

    /// <summary>Gives the place back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) != 0)
            return;
        request.Dispose();
        streams.Leave(wide);
    }
}
