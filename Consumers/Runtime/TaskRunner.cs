using Messaging.Contracts.Handlers;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Read;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The life of one task in this worker, step by step: claim, refresh, find the handler, run it, say what came of it, record it.
/// Trouble with the ledger is waited out and never charged to a task.
/// </summary>
internal sealed class TaskRunner(
    ITaskClaims claiming,
    TaskContents contents,
    HandlerTransactions transactions,
    FinishRecorder recorder,
    ProgressWriter progress,
    HandlerRegistry handlers,
    RunningTasks running,
    WorkerSlots slots,
    SuspectProbation probation,
    DrainSignal drain,
    InstanceIdentity identity,
    LedgerPulse pulse,
    WorkerMeter meter,
    IServiceProvider services,
    TimeProvider time,
    ILogger<TaskRunner> log)
{
    /// <summary>How long a task waits that this worker has no handler for: another version of it may have one.</summary>
    public static readonly TimeSpan UnknownKindDelay = TimeSpan.FromSeconds(5);

    /// <summary>How long a task waits whose handler could not reach the ledger for its transaction.</summary>
    public static readonly TimeSpan OutageDelay = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Runs tasks that have a slot each: claimed together, then each by itself. Never throws. When it returns, each is recorded, handed
    /// back or not ours, or, if the worker stops while the ledger is away, its <see cref="TaskExecution.IsDecided"/> is false and the broker
    /// must deliver again.
    /// </summary>
    public async Task RunAsync(ArraySegment<TaskExecution> executions)
    {
        // A claim may be answered before it is waited for. What goes on then would go on inside the loop that hands deliveries on, and a handler
        // that keeps its thread would keep them all.
        await ClaimAsync(executions).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (executions.Count == 1)
        {
            await RunAsync(executions[0]);
            return;
        }

        var runs = new Task[executions.Count];
        for (var i = 0; i < runs.Length; i++)
        {
            var execution = executions[i];
            runs[i] = Task.Run(() => RunAsync(execution)); // a handler that blocks its thread holds up nobody else
        }

        await Task.WhenAll(runs);
    }

    private async Task RunAsync(TaskExecution execution)
    {
        TaskOutcome? outcome;
        try
        {
            outcome = await AttemptAsync(execution);
        }
        finally
        {
            slots.Of(execution.Queue).Release();
        }

        await using var transaction = await execution.Context.TakeTransactionAsync(); // rolled back unless the recorder commits it
        if (outcome is null)
            Forget(execution);
        else if (execution.TryConclude())
            await RecordAsync(execution, outcome, transaction);
        else
            log.CameBackLate(execution.Copy.Kind, execution.Copy.Id, time.GetElapsedTime(execution.StartedAt).TotalSeconds);
    }

    /// <summary>Records an attempt whose handler does not heed its token, and leaves the handler to itself. Its slot stays taken.</summary>
    public Task AbandonAsync(TaskExecution execution)
    {
        if (!execution.TryConclude())
            return Task.CompletedTask;
        log.HandlerAbandoned(execution.Copy.Kind, execution.Copy.Id, execution.StopReason);
        return RecordAsync(execution, AttemptFailure.OfSilence(execution.StopReason, execution.Copy.Timeout));
    }

    // While its end is not recorded, a suspect's mark stands in the ledger: only then may the next one start.
    private async Task RecordAsync(TaskExecution execution, TaskOutcome outcome, HandlerTransaction? transaction = null)
    {
        await progress.FlushAsync(execution.Context);
        await recorder.RecordAsync(execution, outcome, transaction);
        execution.Place?.Release(survived: execution.StartedAt != 0);
    }

    private void Forget(TaskExecution execution)
    {
        running.Remove(execution);
        execution.Place?.Release(survived: false);
    }

    /// <summary>From the claim to the outcome. Null: there is nothing to record.</summary>
    private async Task<TaskOutcome?> AttemptAsync(TaskExecution execution)
    {
        if (!execution.IsClaimed)
            return null; // not to be had, or undecided because the worker stops
        try
        {
            FaultPoint.Reached(FaultPoint.AfterClaim); // dying here: the claim is rescued with this worker's others, no attempt is spent
            return StopBeforeStart(execution)
                ?? probation.Admit(execution)
                ?? await RefreshAsync(execution)
                ?? FindHandler(execution)
                ?? await InvokeAsync(execution);
        }
        catch (Exception e)
        {
            // A fault of ours, not of the task.
            log.RunnerFailed(e, execution.Copy.Kind, execution.Copy.Id);
            return new GivenBack(UnknownKindDelay);
        }
    }

    /// <summary>The message was only a hint: the ledger decides.</summary>
    private async Task ClaimAsync(ArraySegment<TaskExecution> executions)
    {
        for (var tries = 1; ; tries++)
        {
            // The same fence at each try, so that a claim whose answer was lost is found again; a new one only under a new identity.
            if (executions[0].Fence.Worker != identity.Id)
                TakeFence(executions);

            try
            {
                // Without a token: a claim that was asked for is waited for, or it would be held by nobody.
                var claims = await claiming.ClaimAsync(executions.Select(x => new ClaimRequest(x.Copy.Id, x.Fence)).ToArray(), CancellationToken.None);
                for (var i = 0; i < claims.Length; i++)
                    Decide(executions[i], claims[i]);
                return;
            }
            catch (LedgerUnavailableException e)
            {
                pulse.Failed(e);
                if (!await Backoff.PauseAsync(tries, time, drain.Draining))
                    return;
            }
            catch (Exception e)
            {
                log.RunnerFailed(e, executions[0].Copy.Kind, executions[0].Copy.Id);
                return;
            }
        }
    }

    private void Decide(TaskExecution execution, Claimed? claim)
    {
        execution.Decide(claim);
        if (claim is not null)
            return;
        log.NotToBeHad(execution.Copy.Kind, execution.Copy.Id);
        meter.Dropped(execution.Queue);
    }

    /// <summary>One for all: what is claimed together lies together in the ledger, and is found there at one go.</summary>
    private void TakeFence(ArraySegment<TaskExecution> executions)
    {
        var fence = new Fence(identity.Id, identity.NextClaim());
        foreach (var execution in executions)
        {
            execution.Fence = fence;
            running.Add(execution);
        }
    }

    /// <summary>Nothing starts in a worker that stops, or under an identity that was declared dead meanwhile.</summary>
    private GivenBack? StopBeforeStart(TaskExecution execution) =>
        drain.Draining.IsCancellationRequested || execution.StopReason != StopReason.None || execution.Fence.Worker != identity.Id
            ? new GivenBack(TimeSpan.Zero)
            : null;

    /// <summary>A copy of another revision, or with an input too large to travel, is read anew.</summary>
    private async ValueTask<TaskOutcome?> RefreshAsync(TaskExecution execution)
    {
        if (execution.Copy.Revision == execution.Claim.Revision)
            return null;
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (await contents.LoadWholeAsync(execution.Copy.Id, CancellationToken.None) is not { } present)
                    return new NotOurs();
                execution.Copy = present;
                return null;
            }
            catch (EndOfStreamException e)
            {
                return AttemptFailure.InvalidInput(e);
            }
            catch (Exception e) when (LedgerErrors.IsTransient(e))
            {
                pulse.Failed(e);
                if (!await Backoff.PauseAsync(tries, time, drain.Draining))
                    return new GivenBack(TimeSpan.Zero);
            }
        }
    }

    /// <summary>A kind that this worker does not know is no fault of the task: a worker that knows it may come.</summary>
    private GivenBack? FindHandler(TaskExecution execution)
    {
        if (handlers.TryGet(execution.Copy.Kind, out var handler))
        {
            execution.Handler = handler;
            return null;
        }

        log.UnknownKind(execution.Copy.Kind, execution.Copy.Id, UnknownKindDelay.TotalSeconds);
        return new GivenBack(UnknownKindDelay);
    }

    private async ValueTask<TaskOutcome> InvokeAsync(TaskExecution execution)
    {
        execution.Context.Transactions = transactions;
        execution.Start();
        try
        {
            _ = probation.WatchAsync(execution); // never throws
            var run = execution.Handler!.InvokeAsync(execution.Copy.Input, execution.Context, services, execution.Stopping);
            FaultPoint.Reached(FaultPoint.InHandler); // dying here: the task runs again elsewhere, so handlers must bear repeating
            var outcome = await run;
            FaultPoint.Reached(FaultPoint.AfterHandler); // dying here: the same; what the handler returned is lost
            return outcome;
        }
        catch (Exception e)
        {
            if (execution.StopReason == StopReason.None && execution.Context.IsOutage(e))
            {
                pulse.Failed(e);
                return new GivenBack(OutageDelay);
            }

            return AttemptFailure.Of(e, execution.StopReason, execution.Copy.Timeout);
        }
        finally
        {
            execution.Handler!.MeanRun.Record(time.GetElapsedTime(execution.StartedAt));
        }
    }
}
