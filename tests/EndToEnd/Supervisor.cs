using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>Keeps a number of workers running, as Kubernetes or systemd would: one that dies is started again.</summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _keeping;
    private int _deaths;

    public Supervisor(RunningSystem system, int workers, ConsumerProcessOptions options, IReadOnlyDictionary<string, string?>? environment = null) =>
        _keeping = [.. Enumerable.Range(1, workers).Select(n => KeepAsync(system, options with { Name = $"{options.Name}-{n}" }, environment))];

    /// <summary>How often a worker has died.</summary>
    public int Deaths => Volatile.Read(ref _deaths);

    /// <summary>No worker is started any more; those that run stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_keeping);
        _stop.Dispose();
    }

    private async Task KeepAsync(RunningSystem system, ConsumerProcessOptions options, IReadOnlyDictionary<string, string?>? environment)
    {
        while (!_stop.IsCancellationRequested)
        {
            var worker = await system.AddConsumerAsync(options, environment);
            await Task.WhenAny(worker.Process.Exit, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token));
            if (worker.Process.Exit.IsCompleted)
                Interlocked.Increment(ref _deaths);
        }
    }
}
