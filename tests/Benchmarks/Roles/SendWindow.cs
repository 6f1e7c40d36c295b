using System.Diagnostics;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Sends of which a bounded number wait for the broker's confirm at any time.</summary>
internal static class SendWindow
{
    /// <summary>Sends so many.</summary>
    /// <param name="messages">In all.</param>
    /// <param name="window">How many at once.</param>
    /// <param name="send">Sends one and returns when it is confirmed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<RoleReport> RunAsync(int messages, int window, Func<Task> send, CancellationToken cancellationToken)
    {
        var left = messages;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, window).Select(_ => Task.Run(SendAllAsync, cancellationToken)));
        return new RoleReport(began, Stopwatch.GetTimestamp());

        async Task SendAllAsync()
        {
            while (Interlocked.Decrement(ref left) >= 0)
                await send();
        }
    }
}
