using Microsoft.Extensions.Hosting;

namespace Messaging.Infrastructure.Broker;

/// <summary>The last resort of a process that finds that it can't be mended from within: it stops cleanly and says so in its exit code.</summary>
/// <param name="lifetime">The host's; without one nothing ends.</param>
public sealed class ProcessEnd(IHostApplicationLifetime? lifetime = null)
{
    private string? _reason;

    /// <summary>Why the end was asked for; null if it was not.</summary>
    public string? Reason => Volatile.Read(ref _reason);

    /// <summary>Stops the host; the first reason stays.</summary>
    public void Request(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
            lifetime?.StopApplication();
    }
}
