using MassTransit;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Keeps one MassTransit bus running: starts it when the broker can be reached (the host itself never waits for that), and replaces it
/// when somebody finds that it no longer works although the broker does.
/// </summary>
internal sealed class BusKeeper(
    string name, Func<IBusControl> build, Func<CancellationToken, Task> reach, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private readonly ILogger _log = loggers.CreateLogger<BusKeeper>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource<IBusControl> _started = Signal<IBusControl>();
    private TaskCompletionSource<string> _replace = Signal<string>();
    private Task? _running;

    /// <summary>The bus, if it is running.</summary>
    public IBusControl? Running => _started.Task is { IsCompletedSuccessfully: true } started ? started.Result : null;

    /// <summary>Begins to start the bus; returns at once.</summary>
    public void Start()
    {
        lock (_lock)
            _running ??= Task.Run(RunAsync);
    }

    /// <summary>The bus as soon as it has started: one that has not finished starting sends into the void.</summary>
    public Task<IBusControl> StartedAsync(CancellationToken cancellationToken) => _started.Task.WaitAsync(cancellationToken);

    /// <summary>Asks for another bus in place of this one. Does nothing if it was replaced already.</summary>
    public void Replace(IBusControl bus, string reason)
    {
        if (ReferenceEquals(Running, bus))
            _replace.TrySetResult(reason);
    }

    /// <summary>Stops the bus. Safe to call more than once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _replace.TrySetResult("stopping");
        if (_running is not null)
            await _running;
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        var stopping = Task.CompletedTask;
        while (!_stop.IsCancellationRequested)
        {
            var bus = await TryStartAsync();
            if (bus is null)
            {
                await PauseAsync(pause);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                continue;
            }

            pause = FirstPause;
            _started.SetResult(bus);
            _log.BusStarted(name);
            var reason = await _replace.Task;
            (_started, _replace) = (Signal<IBusControl>(), Signal<string>());
            await stopping; // one at a time, or a bus that can't be stopped would leave many behind
            if (!_stop.IsCancellationRequested)
                _log.BusReplaced(name, reason);
            stopping = StopAsync(bus); // the next one does not wait for it: stopping a stuck bus takes long
        }

        await stopping;
    }

    private async Task<IBusControl?> TryStartAsync()
    {
        try
        {
            // MassTransit's own start retries at growing intervals up to half a minute: only let it begin when it will succeed.
            await reach(_stop.Token);
            LogContext.ConfigureCurrentLogContext(loggers);
            var bus = build();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            patience.CancelAfter(StartPatience);
            await bus.StartAsync(patience.Token);
            return bus;
        }
        catch (Exception e)
        {
            if (!_stop.IsCancellationRequested)
                _log.BusNotStarted(name, e.Message);
            return null;
        }
    }

    private async Task StopAsync(IBusControl bus)
    {
        try
        {
            using var patience = new CancellationTokenSource(StopPatience, time);
            await bus.StopAsync(patience.Token).WaitAsync(StopPatience + StopPatience, time);
        }
        catch (Exception e)
        {
            _log.BusNotStopped(name, e.Message);
        }
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            _log.BusStopping(name);
        }
    }

    private static TaskCompletionSource<T> Signal<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
