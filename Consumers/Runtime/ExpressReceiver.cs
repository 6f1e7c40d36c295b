using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Express;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The express way's edge: a task that finds a slot free starts now; any other waits for the copy that comes by its queue, whose turn it then is.
/// </summary>
internal sealed class ExpressReceiver(
    TaskRunner runner, WorkerSlots slots, ProgressWriter progress, DrainSignal drain, TimeProvider time) : IExpressReceiver
{
    /// <inheritdoc/>
    public void Receive(string queue, RunTasks message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.Tasks is not [{ Losses: 0 } task] || drain.Draining.IsCancellationRequested || !slots.Of(queue).TryTake())
            return;
        _ = runner.RunAsync(new ArraySegment<TaskExecution>([new TaskExecution(queue, task, progress, time)])); // never throws
    }
}
