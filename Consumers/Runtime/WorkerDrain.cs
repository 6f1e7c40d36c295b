using System.Runtime.InteropServices;
using Messaging.Contracts.Handlers;
using Messaging.Infrastructure.Maintenance;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The way out, at SIGTERM: nothing more starts, running tasks may end until <see cref="WorkerOptions.DrainTimeout"/>, then they are
/// told to stop and are handed back without spending an attempt. A second signal goes there at once.
/// </summary>
internal sealed class WorkerDrain(
    DrainSignal signal,
    RunningTasks running,
    TaskRunner runner,
    InstanceProfile profile,
    WorkerOptions options,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<WorkerDrain> log)
    : IHostedService, IDisposable
{
    /// <summary>How long stopped handlers have to let go, and then their ends to be recorded.</summary>
    public static readonly TimeSpan LastGrace = TimeSpan.FromSeconds(5);

    // A terminal sends its signal to every process of a group, and a parent may pass it on: those two are one.
    private static readonly TimeSpan SameSignal = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _hurry = new();
    private readonly List<IDisposable> _registrations = [];
    private Task? _drain;
    private long _firstSignal;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // At once when the host is told to stop, before it stops its parts one after the other.
        _registrations.Add(lifetime.ApplicationStopping.Register(Begin));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Signalled));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Signalled));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Begin();
        await _drain!.WaitAsync(cancellationToken);
    }

    /// <summary>Stops waiting for running tasks: they are told to stop now.</summary>
    public void Hurry() => _hurry.Cancel();

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _hurry.Dispose();
    }

    private void Begin()
    {
        lock (_registrations)
            _drain ??= Task.Run(DrainAsync);
    }

    private async Task DrainAsync()
    {
        var began = time.GetTimestamp();
        profile.Draining = true;
        signal.Begin();
        log.Draining(running.Count, options.DrainTimeout.TotalSeconds); // after it, so that whoever reads the line finds it true
        if (!await running.UntilEmptyAsync(options.DrainTimeout, _hurry.Token))
        {
            log.DrainTimedOut(running.Stop(_ => true, StopReason.ShuttingDown));
            if (!await running.UntilEmptyAsync(LastGrace, CancellationToken.None))
            {
                foreach (var execution in running.All)
                    _ = runner.AbandonAsync(execution); // never throws
                await running.UntilEmptyAsync(LastGrace, CancellationToken.None);
            }
        }

        signal.End();
        log.Drained(time.GetElapsedTime(began).TotalSeconds, running.Count);
    }

    private void Signalled(PosixSignalContext context)
    {
        context.Cancel = true;
        var now = time.GetTimestamp();
        if (Interlocked.CompareExchange(ref _firstSignal, now, 0) is not 0 and var first && time.GetElapsedTime(first, now) > SameSignal)
        {
            log.Hurried();
            Hurry();
        }
    }
}
