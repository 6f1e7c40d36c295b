using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Broker;

/// <summary>The way for a second copy of a task that is to arrive ahead of the first.</summary>
public interface IExpressPublisher
{
    /// <summary>Sends a copy, which may get lost. Returns at once, never throws.</summary>
    /// <param name="queue">The task queue's own name, without prefix.</param>
    /// <param name="message">What is also sent the way that keeps it.</param>
    /// <returns>False: it was not sent.</returns>
    bool Offer(string queue, RunTasks message);
}
