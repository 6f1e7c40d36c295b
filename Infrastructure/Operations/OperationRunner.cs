using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Operations;

/// <summary>
/// Executes operations. Runs in every producer; an operation is taken by one of them, and by another when that one is gone: at once after a clean
/// stop, after its death was noticed (about 13 s) otherwise. Several operations go on side by side, so that a slow pace holds up no other.
/// </summary>
public sealed class OperationRunner(
    LedgerConnections ledger, OperationBatch batches, OperationSignal signal, InstanceIdentity identity, TimeProvider time, ILogger<OperationRunner> log)
    : BackgroundService
{
    /// <summary>How often it looks for operations that nobody works on.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The most operations that one process executes side by side.</summary>
    public const int MostAtOnce = 8;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenForgets = TimeSpan.FromHours(1);

    // A stop is noticed by the next step, so a step is never far.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly List<Task> _running = [];
    private long _forgot;

    /// <summary>Takes an operation that nobody works on; null if there is none.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<Guid?> TakeAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(OperationSql.Take);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = identity.Id });
        return await command.ExecuteScalarAsync(cancellationToken) as Guid?;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = time.CreateTimer(static s => ((OperationSignal)s!).Wake(), signal, TimeSpan.Zero, Interval);
        try
        {
            while (true)
            {
                await signal.WaitAsync(stoppingToken);
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(_running);
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        try
        {
            _running.RemoveAll(static task => task.IsCompleted);
            while (_running.Count < MostAtOnce && await TakeAsync(stoppingToken) is { } taken)
            {
                var worker = identity.Id;
                log.OperationTaken(taken);
                _running.Add(Task.Run(() => RunAsync(taken, worker, stoppingToken), CancellationToken.None));
            }

            if (_forgot == 0 || time.GetElapsedTime(_forgot) >= BetweenForgets)
            {
                await using var forget = ledger.Control.CreateCommand($"{OperationSql.Forget}; {OperationSql.ForgetRevisions}");
                await forget.ExecuteNonQueryAsync(stoppingToken);
                _forgot = time.GetTimestamp();
            }
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            log.OperationsNotRead(e.Message);
        }
    }

    /// <summary>Executes an operation until it ends, is somebody else's, or this process stops.</summary>
    private async Task RunAsync(Guid operation, Guid worker, CancellationToken stoppingToken)
    {
        try
        {
            while (await StepAsync(operation, worker, stoppingToken) is { GoesOn: true, Wait: var wait })
            {
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait < LongestWait ? wait : LongestWait, time, stoppingToken);
            }

            log.OperationLeft(operation);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await ReleaseAsync(operation, worker);
        }
    }

    private async Task<BatchAnswer> StepAsync(Guid operation, Guid worker, CancellationToken stoppingToken)
    {
        try
        {
            return await batches.StepAsync(operation, worker, stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            // Whether or not the step was committed, the row says where to go on.
            log.OperationStepFailed(operation, e.Message);
            return new BatchAnswer(true, PauseAfterFailure);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new OperationCanceledException("The process stops.", e, stoppingToken);
        }
    }

    private async Task ReleaseAsync(Guid operation, Guid worker)
    {
        try
        {
            await using var command = ledger.Control.CreateCommand(OperationSql.Release);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = worker });
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            // Taken over when this process's row is gone, a moment later.
            log.OperationsNotRead(e.Message);
        }
    }
}
