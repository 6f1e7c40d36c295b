using Messaging.Contracts.Http;
using Messaging.Infrastructure.Events;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Http;

/// <summary>Counts the event streams that are open in this process, and keeps to their bounds.</summary>
internal sealed class OpenStreams(IOptions<EventOptions> options)
{
    private int _all;
    private int _wide;

    /// <summary>How many are open.</summary>
    public int Count => Volatile.Read(ref _all);

    /// <summary>Takes a place; null if there is none, with the problem to answer.</summary>
    public IDisposable? TryOpen(bool wide, out Problem? problem)
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
            return new Place(this, wide);
        Interlocked.Decrement(ref _all);
        return null;
    }

    private sealed class Place(OpenStreams streams, bool wide) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Decrement(ref streams._all);
            if (wide)
                Interlocked.Decrement(ref streams._wide);
        }
    }
}
