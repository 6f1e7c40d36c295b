using Messaging.Producer.Http;
using Microsoft.Extensions.Options;

namespace Messaging.Producer;

/// <summary>
/// Starts the parts that need the ledger behind the HTTP server instead of in front of it: a producer that finds no Postgres listens all the
/// same, lives, is not ready, and answers 503. The parts start in the order of their registration, as soon as the ledger is there, and stop
/// in the reverse.
/// </summary>
internal sealed class StartBehindServer(
    [FromKeyedServices(StartBehindServer.Key)] IEnumerable<IHostedService> parts, IHostApplicationLifetime lifetime, ILogger<StartBehindServer> log)
    : IHostedService, IDisposable
{
    /// <summary>Under which the parts are registered.</summary>
    public const string Key = "behind the server";

    private readonly IHostedService[] _parts = [.. parts];
    private readonly Stack<IHostedService> _started = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _starting = Task.CompletedTask;

    /// <summary>True once all parts have started: tasks can be accepted.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Why a part could not start, or broke off later; the process ends then.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Ends when all parts have started, or failed to.</summary>
    public Task Starting => _starting;

    /// <summary>Returns at once.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _starting = Task.Run(StartPartsAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        IsReady = false;
        await _stop.CancelAsync();
        await _starting;
        List<Exception>? faults = null;
        while (_started.TryPop(out var part))
        {
            try
            {
                await part.StopAsync(cancellationToken);
            }
            catch (Exception e)
            {
                (faults ??= []).Add(e); // the others stop all the same
            }
        }

        if (faults is not null)
            throw new AggregateException(faults);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private async Task StartPartsAsync()
    {
        try
        {
            foreach (var part in _parts)
            {
                // Pushed first: a part that failed half-way may need its stop.
                _started.Push(part);
                await part.StartAsync(_stop.Token);
                if (part is BackgroundService { ExecuteTask: { } running })
                    _ = EndWithAsync(running);
            }

            IsReady = true;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop while it waited for the ledger.
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>What the host does for the parts that it starts itself: when one breaks off, the process ends.</summary>
    private async Task EndWithAsync(Task running)
    {
        try
        {
            await running;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested || _stop.IsCancellationRequested)
        {
            // That is how they stop.
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception reason)
    {
        Failure ??= reason;
        if (reason is not OptionsValidationException)
            log.PartFailed(reason);
        lifetime.StopApplication();
    }
}
