using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The bus edge: gives each task of a delivery a slot and to the runner, hands back what gets no slot in time, and says when the
/// delivery may be acknowledged.
/// </summary>
internal sealed class TaskReceiver(
    TaskRunner runner,
    WorkerSlots slots,
    SuspectPlaces suspects,
    HandBackWriter handBack,
    DeliveriesInHand hands,
    MarkerRecorder markers,
    LedgerClock clock,
    LedgerPulse pulse,
    ProgressWriter progress,
    DrainSignal drain,
    WorkerOptions options,
    TimeProvider time,
    ILogger<TaskReceiver> log)
    : ITaskReceiver
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public bool HasRoom => slots.Tasks.Taken < options.Concurrency && !drain.Draining.IsCancellationRequested;

    /// <inheritdoc/>
    public async Task ReceiveAsync(string queue, RunTasks message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.Marker is { } marker)
        {
            await RecordAsync(marker, cancellationToken);
            return;
        }

        var executions = new TaskExecution[message.Tasks.Count];
        var delivery = hands.Take(executions);
        try
        {
            await ReceiveAsync(queue, message, executions, delivery, cancellationToken);
        }
        finally
        {
            hands.Release(delivery);
        }
    }

    private async Task ReceiveAsync(
        string queue, RunTasks message, TaskExecution[] executions, DeliveriesInHand.Delivery delivery, CancellationToken cancellationToken)
    {
        var received = time.GetTimestamp();
        var runs = new List<Task>(1);
        SuspectPlace? place = null;
        if (message.Tasks is [{ Losses: > 0 } suspect])
        {
            place = await suspects.TakeAsync(suspect.Losses, drain.Draining, cancellationToken);
            if (place is null && !drain.Draining.IsCancellationRequested)
            {
                await PutOffAsync(suspect, cancellationToken);
                delivery.RestHandedBack();
                return;
            }
        }

        var started = await StartAsync(queue, message.Tasks, place, executions, runs, cancellationToken);
        if (started < executions.Length)
        {
            place?.Release(survived: false);
            cancellationToken.ThrowIfCancellationRequested(); // the broker delivers again what was not started
            log.NoRoom(executions.Length - started, queue);
            await handBack.ReturnAsync(message.Tasks.Skip(started).Select(task => task.Id), cancellationToken);
            delivery.RestHandedBack();
        }

        var all = runs.Count == 1 ? runs[0] : Task.WhenAll(runs);
        if (!all.IsCompleted)
            await UntilCarriedAsync(all, executions.AsMemory(0, started), options.AckAfter - time.GetElapsedTime(received), cancellationToken);
        if (!AreDecided(executions.AsSpan(0, started)))
            throw new OperationCanceledException("The worker stops and the ledger is away: deliver again.");
    }

    /// <summary>A suspect that gets no place here goes to another worker, or comes again.</summary>
    private async Task PutOffAsync(RunTask suspect, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // the broker delivers it again
        var delay = suspects.NextDelay();
        log.SuspectPutOff(suspect.Kind, suspect.Id, delay.TotalSeconds);
        await handBack.PostponeAsync(suspect.Id, delay, cancellationToken);
    }

    /// <summary>A marker came out of its queue; waits for the ledger, or the marker would be lost.</summary>
    private async Task RecordAsync(Guid marker, CancellationToken cancellationToken)
    {
        var receivedAt = clock.Now;
        for (var tries = 1; ; tries++)
        {
            try
            {
                await markers.RecordAsync(marker, receivedAt, cancellationToken);
                return;
            }
            catch (Exception e) when (LedgerErrors.IsTransient(e) && !cancellationToken.IsCancellationRequested)
            {
                pulse.Failed(e);
            }

            if (!await Backoff.PauseAsync(tries, time, cancellationToken))
                throw new OperationCanceledException("The channel is gone: deliver again.");
        }
    }

    /// <summary>
    /// Starts tasks as slots come free, for as long as a delivery may wait; answers how many were started. Those that get their slots
    /// together are claimed together.
    /// </summary>
    private async ValueTask<int> StartAsync(
        string queue, IReadOnlyList<RunTask> tasks, SuspectPlace? place, TaskExecution[] executions, List<Task> runs, CancellationToken cancellationToken)
    {
        using var patience = new Patience(options.HandBackAfter, time, drain.Draining, cancellationToken);
        for (var started = 0; started < tasks.Count;)
        {
            if (drain.Draining.IsCancellationRequested)
                return started;
            var taken = await slots.Of(queue).TakeAsync(queue, tasks.Count - started, ahead: started > 0, patience.Token);
            if (taken == 0)
                return started;
            for (var i = started; i < started + taken; i++)
                executions[i] = new TaskExecution(queue, tasks[i], progress, time) { Place = place };
            runs.Add(runner.RunAsync(new ArraySegment<TaskExecution>(executions, started, taken)));
            started += taken;
        }

        return tasks.Count;
    }

    /// <summary>
    /// Waits until the tasks have ended. After <paramref name="patience"/> it is enough that the ledger knows who runs them: long
    /// tasks are then carried by their claims alone, and the broker gets its acknowledgement before it loses patience.
    /// </summary>
    private async Task UntilCarriedAsync(Task all, ReadOnlyMemory<TaskExecution> executions, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, drain.Over);
        try
        {
            await all.WaitAsync(patience > TimeSpan.Zero ? patience : TimeSpan.Zero, time, end.Token);
        }
        catch (TimeoutException)
        {
            while (!AreDecided(executions.Span) && !all.IsCompleted)
                await Task.Delay(LookAgain, time, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The worker's time is over; what it still holds is known to the ledger, or is said to be undecided.
        }
    }

    private static bool AreDecided(ReadOnlySpan<TaskExecution> executions)
    {
        foreach (var execution in executions)
        {
            if (!execution.IsDecided)
                return false;
        }

        return true;
    }
}
