using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Finish;
using Npgsql;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The last step of an attempt: turns its outcome into what the ledger must write, and says it until it is answered.
/// A result is not lost while this process lives.
/// </summary>
internal sealed class FinishRecorder(
    FinishStage finishes, LargeTexts large, RunningTasks running, DrainSignal drain, LedgerPulse pulse, TimeProvider time, ILogger<FinishRecorder> log)
{
    /// <summary>How long a task waits whose end the ledger refused to write.</summary>
    private static readonly TimeSpan RefusedDelay = TimeSpan.FromSeconds(5);

    /// <summary>How long a task waits whose handler's transaction was cut off before its commit.</summary>
    private static readonly TimeSpan LostAnswerDelay = TimeSpan.FromSeconds(1);

    private static readonly TaskFailure CancelledWhileRunning = new(FailureCodes.Cancelled, "Cancelled while it ran.", Retryable: false);

    /// <summary>Records an outcome; never throws.</summary>
    /// <param name="execution">The attempt.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="transaction">What the handler wrote its own rows in: committed with its result, rolled back with anything else.</param>
    public async Task RecordAsync(TaskExecution execution, TaskOutcome outcome, HandlerTransaction? transaction = null)
    {
        try
        {
            if (outcome is Returned { Result.Length: > LargeTexts.MostInline } whole)
                outcome = await StoreAsync(execution, whole);
            if (transaction is not null && outcome is not Returned)
                await transaction.DisposeAsync();
            if (ToFinish(execution, outcome) is not { } finish)
            {
                log.ClaimLost(execution.Copy.Kind, execution.Copy.Id);
                return;
            }

            FinishAnswer? answer;
            if (transaction is not null && finish is Ended { State: TaskState.Succeeded } success)
                (finish, answer) = await CommitAsync(execution, transaction, success);
            else
                answer = await FinishAsync(finish);
            if (answer == FinishAnswer.CancelRequested)
                answer = await FinishAsync(finish = Cancelled(execution, CancelledWhileRunning));
            else if (answer == FinishAnswer.PastDeadline && finish is RetryLater late)
                answer = await FinishAsync(finish = FailedForGood(execution, late.Failure, late.TimedOut));
            FaultPoint.Reached(FaultPoint.AfterFinish); // dying here: the broker delivers again, and the claim of that copy is refused
            Log(execution, finish, answer);
        }
        catch (Exception e)
        {
            log.RecorderFailed(e, execution.Copy.Kind, execution.Copy.Id);
        }
        finally
        {
            running.Remove(execution);
        }
    }

    /// <summary>Makes a large result a file, and says it until it is answered; when the worker's time is over, the task is handed back.</summary>
    private async Task<TaskOutcome> StoreAsync(TaskExecution execution, Returned whole)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return new Returned(await large.StoreAsync(execution.Copy.Id, whole.Result, CancellationToken.None));
            }
            catch (Exception e) when (e is LedgerUnavailableException || LedgerErrors.IsTransient(e))
            {
                pulse.Failed(e);
                if (!await Backoff.PauseAsync(tries, time, drain.Over))
                    return new GivenBack(TimeSpan.Zero);
            }
            catch (PostgresException e)
            {
                return AttemptFailure.InvalidResult(e.MessageText, e);
            }
        }
    }

    /// <summary>What an outcome means for the task. Null: nothing is to be written.</summary>
    internal static Finish? ToFinish(TaskExecution x, TaskOutcome outcome) => outcome switch
    {
        Returned returned => new Ended(x.Copy.Id, x.Fence, x.Claim.Attempt, TaskState.Succeeded, returned.Result, null) { StartedAt = x.Claim.ClaimedAt },
        AttemptFailed failed when RetryDecider.DelayOf(x, failed, Random.Shared) is { } delay =>
            new RetryLater(x.Copy.Id, x.Fence, x.Claim.Attempt, delay, failed.Failure) { TimedOut = failed.TimedOut },
        AttemptFailed failed => FailedForGood(
            x, failed.Failure with { Retryable = failed.Failure.Retryable && !RetryDecider.IsRuledOut(x, failed) }, failed.TimedOut),
        CalledOff off => Cancelled(x, off.Reason is { } reason ? new TaskFailure(FailureCodes.Cancelled, reason, Retryable: false) : CancelledWhileRunning),
        Snooze snooze => new Snoozed(x.Copy.Id, x.Fence, x.Claim.Attempt, snooze.Delay),
        GivenBack back => new HandedBack(x.Copy.Id, x.Fence, x.Claim.Attempt, back.Delay),
        NotOurs => null,
        _ => throw new InvalidOperationException($"{outcome.GetType()} is not one of the outcomes."),
    };

    private static Ended Cancelled(TaskExecution x, TaskFailure reason) =>
        new(x.Copy.Id, x.Fence, x.Claim.Attempt, TaskState.Cancelled, null, reason);

    private static Ended FailedForGood(TaskExecution x, TaskFailure failure, bool timedOut) =>
        new(x.Copy.Id, x.Fence, x.Claim.Attempt, TaskState.Failed, null, failure)
        {
            TimedOut = timedOut,
            Fingerprint = ErrorFingerprint.Of(x.Copy.Kind, failure),
        };

    /// <summary>
    /// Records a result in the handler's own transaction. If the claim was lost, nothing of the transaction is kept. If the answer was
    /// lost, the fence tells: the outcome is found, or else the task is handed back, since without the handler's rows its result must
    /// not be recorded. A transaction that can't be committed is a failure of the attempt.
    /// </summary>
    private async Task<(Finish Finish, FinishAnswer? Answer)> CommitAsync(TaskExecution x, HandlerTransaction transaction, Ended finish)
    {
        Finish instead = new HandedBack(finish.TaskId, finish.Fence, finish.Attempt, LostAnswerDelay);
        var alone = true;
        try
        {
            if (await transaction.TryFinishAsync(finish, CancellationToken.None))
                return (finish, FinishAnswer.Recorded);
        }
        catch (Exception e) when (e is LedgerUnavailableException || LedgerErrors.IsUnclear(e))
        {
            pulse.Failed(e);
            log.CommitUnclear(x.Copy.Kind, x.Copy.Id, e.Message);
        }
        catch (Exception e)
        {
            instead = ToFinish(x, AttemptFailure.Of(e, StopReason.None, x.Copy.Timeout))!;
            alone = false;
        }

        await transaction.DisposeAsync();
        return (instead, await FinishAsync(instead, alone));
    }

    /// <summary>Says it until it is answered. Null: the ledger can't take it in any form, or the worker's time is over.</summary>
    private async Task<FinishAnswer?> FinishAsync(Finish? finish, bool alone = false)
    {
        for (var tries = 1; finish is not null; tries++)
        {
            try
            {
                // Without a token: what was handed to the ledger's writer may be committed whether or not anybody waits.
                return alone
                    ? await finishes.FinishAloneAsync(finish, CancellationToken.None)
                    : await finishes.FinishAsync(finish, CancellationToken.None);
            }
            catch (PostgresException e) when (e.SqlState is ['2', '2', ..] or ['5', '4', ..])
            {
                log.FinishRefused(finish.TaskId, e.Message);
                finish = Lesser(finish, e);
            }
            catch (Exception e) when (e is LedgerUnavailableException or PostgresException)
            {
                pulse.Failed(e);
                if (!await Backoff.PauseAsync(tries, time, drain.Over))
                    return null;
            }
        }

        return null;
    }

    /// <summary>What to say instead of something that holds data the ledger can't store.</summary>
    private static Finish? Lesser(Finish finish, PostgresException reason) => finish switch
    {
        Ended { State: TaskState.Succeeded } => new Ended(
            finish.TaskId, finish.Fence, finish.Attempt, TaskState.Failed, null, AttemptFailure.InvalidResult(reason.MessageText).Failure),
        HandedBack => null,
        _ => new HandedBack(finish.TaskId, finish.Fence, finish.Attempt, RefusedDelay),
    };

    private void Log(TaskExecution x, Finish finish, FinishAnswer? answer)
    {
        var (kind, id, attempt) = (x.Copy.Kind, x.Copy.Id, x.Claim.Attempt);
        switch (answer, finish)
        {
            case (null, _):
                log.NotRecorded(kind, id);
                break;
            case (FinishAnswer.ClaimLost, _):
                log.ClaimLost(kind, id);
                break;
            case (_, Ended { State: TaskState.Succeeded }):
                log.Succeeded(kind, id, attempt);
                break;
            case (_, Ended { State: TaskState.Failed, Failure: { } failure }):
                log.FailedForGood(kind, id, attempt, failure.Code, failure.Message);
                break;
            case (_, Ended):
                log.Cancelled(kind, id, attempt);
                break;
            case (_, RetryLater retry):
                log.AttemptFailed(kind, id, attempt, x.Copy.MaxAttempts, retry.Delay.TotalSeconds, retry.Failure.Code, retry.Failure.Message);
                break;
            case (_, Snoozed snoozed):
                log.Snoozed(kind, id, snoozed.Delay.TotalSeconds);
                break;
            case (_, HandedBack):
                log.HandedBack(kind, id);
                break;
        }
    }
}
