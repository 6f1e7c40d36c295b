namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>Looks ten times a second how many threads a process has, until it is disposed.</summary>
internal sealed class ThreadCount : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looking;

    /// <summary>Begins.</summary>
    /// <param name="process">The process's id.</param>
    public ThreadCount(int process) => _looking = Task.Run(() => LookAsync(process));

    /// <summary>The most that were seen.</summary>
    public int Most { get; private set; }

    /// <summary>Ends.</summary>
    /// <exception cref="BenchFailedException">The process has ended meanwhile.</exception>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
    }

    private async Task LookAsync(int process)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
                Most = Math.Max(Most, ProcessStatus.Of(process).Threads);
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
