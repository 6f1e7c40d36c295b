using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Express;

/// <summary>The consumer's side of the express way.</summary>
public interface IExpressReceiver
{
    /// <summary>
    /// Takes an express copy, or lets it go: the copy that can't be lost comes by the task queue in any case. Returns at once, never throws.
    /// </summary>
    /// <param name="queue">The task queue's own name, without prefix.</param>
    /// <param name="message">A copy that stays valid after the return.</param>
    void Receive(string queue, RunTasks message);
}
