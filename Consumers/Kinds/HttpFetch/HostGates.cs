using System.Collections.Concurrent;

namespace Messaging.Consumers.Kinds.HttpFetch;

/// <summary>Lets only so many requests of one task through to one host (name and port) at a time, and of all tasks to anywhere.</summary>
/// <param name="perHost">How many requests one host gets at once.</param>
/// <param name="requests">The worker's permits.</param>
internal sealed class HostGates(int perHost, SemaphoreSlim requests)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _hosts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Waits for a place; disposing what it returns gives the place back.</summary>
    public async Task<Place> EnterAsync(Uri url, CancellationToken cancellationToken)
    {
        // The host's place first: who waits for a busy host must not keep the worker's permits from the others.
        var host = _hosts.GetOrAdd(url.Authority, _ => new SemaphoreSlim(perHost));
        await host.WaitAsync(cancellationToken);
        try
        {
            await requests.WaitAsync(cancellationToken);
        }
        catch
        {
            host.Release();
            throw;
        }

        return new Place(host, requests);
    }

    /// <summary>A place at a host.</summary>
    internal readonly struct Place(SemaphoreSlim host, SemaphoreSlim requests) : IDisposable
    {
        public void Dispose()
        {
            requests.Release();
            host.Release();
        }
    }
}
