using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Finish;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Takes what the broker gave up delivering (<see cref="QueueNames.Dead"/>): the ledger, not the broker, decides when a task has failed.
/// What is still queued goes to the outbox and so round again, the rest was done elsewhere.
/// </summary>
internal sealed class DeadTasks(FinishStage finish, TimeProvider time, ILogger<DeadTasks> log)
{
    /// <summary>Messages under way at once; there are hardly ever any.</summary>
    public const int Prefetch = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Returns when the tasks are in the outbox; tries until then.</summary>
    /// <exception cref="OperationCanceledException">The delivery's channel is gone: the message will come again.</exception>
    public async Task RequeueAsync(RunTasks message, CancellationToken cancellationToken)
    {
        log.DeadTasksRequeued(message.Tasks.Count);
        var ids = message.Tasks.Select(t => t.Id).ToArray();
        while (true)
        {
            try
            {
                await finish.RequeueUnclaimedAsync(ids, cancellationToken);
                return;
            }
            catch (Exception e) when (LedgerErrors.IsTransient(e) && !cancellationToken.IsCancellationRequested)
            {
                log.DeadTasksNotRequeued(e.Message);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
