using Messaging.Contracts.Handlers;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Stops attempts that are past their timeout, and gives up on handlers that do not heed it. One timer for all running tasks: a timer
/// a task would cost more than the task. So a timeout comes up to <see cref="Interval"/> late, also to a handler that never awaits.
/// </summary>
internal sealed class TimeoutWatcher(RunningTasks running, TaskRunner runner, WorkerOptions options, TimeProvider time, ILogger<TimeoutWatcher> log)
    : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                Look();
            }
            catch (Exception e)
            {
                log.WatchFailed(e);
            }
        }
    }

    private void Look()
    {
        if (running.IsEmpty)
            return;
        var now = time.GetTimestamp();
        foreach (var execution in running.All)
        {
            if (execution.IsOverdue(now))
                execution.Stop(StopReason.TimedOut);
            else if (execution.IsIgnoringStop(now, options.HandlerGrace))
                _ = runner.AbandonAsync(execution); // never throws
        }
    }
}
