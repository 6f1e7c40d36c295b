using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Dev.Up;

/// <summary>A Producer or consumer that is started again when it dies, as any supervisor would, until it is told to stop.</summary>
/// <param name="name">What it is called in front of its lines.</param>
/// <param name="launch">Starts the process.</param>
/// <param name="output">Where to say what happens.</param>
public sealed class UpProcess(string name, Func<ProductProcess> launch, UpOutput output) : IAsyncDisposable
{
    private static readonly TimeSpan PauseAfterDeath = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private ProductProcess _current = launch();
    private Task _watching = Task.CompletedTask;

    /// <summary>Awaits that it is ready for the first time, and keeps it running from then on.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        await _current.WaitUntilReadyAsync(cancellationToken);
        _watching = WatchAsync();
    }

    /// <summary>Lets it drain (SIGTERM) and awaits its end; cancelled: <c>kill -9</c>.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        await _stopping.CancelAsync();
        await _watching;
        if (!await _current.StopAsync(hurry))
            output.Say($"{name} did not drain in time and was killed");
    }

    /// <summary>Kills it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        await _current.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var exitCode = await _current.Process.Exit.WaitAsync(_stopping.Token);
                output.Say($"{name} ended with exit code {exitCode}; starting it again");
                await Task.Delay(PauseAfterDeath, TimeProvider.System, _stopping.Token);
                await _current.DisposeAsync();
                _current = launch();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Told to stop: what runs now is stopped by whoever told us.
            return;
        }
    }
}
