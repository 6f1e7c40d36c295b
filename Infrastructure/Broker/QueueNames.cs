namespace Messaging.Infrastructure.Broker;

/// <summary>
/// What things are called on the broker. A queue has an exchange of the same name, bound to it: messages are sent to the exchange.
/// Task queues are <c>messaging.tasks.&lt;queue&gt;</c>; a task queue's own name has no dot, so there is room for <c>.high</c> and <c>.low</c>.
/// </summary>
public static class QueueNames
{
    /// <summary>Where the broker puts what it gave up delivering; its consumer writes the tasks back to the outbox.</summary>
    public const string Dead = "messaging.dead-tasks";

    /// <summary>Where consumers put what they can't read, with the reason in a header, for a person to look at.</summary>
    public const string Rejected = "messaging.rejected-tasks";

    /// <summary>The exchange through which processes say which tasks have changed. Each producer has an exclusive queue of its own on it.</summary>
    public const string TasksChanged = "messaging.tasks-changed";

    /// <summary>Where clients in any language publish tasks to; its consumers are the producers. Its name is their contract.</summary>
    public const string Submit = "messaging.submit";

    /// <summary>Where a message to <see cref="Submit"/> goes that can't become a task, its body as it was, with the problem in a header.</summary>
    public const string SubmitRejected = "messaging.submit.rejected";

    /// <summary>Header of a message in <see cref="SubmitRejected"/>: the problem, as the HTTP API would have answered it, in JSON.</summary>
    public const string ProblemHeader = "messaging-problem";

    /// <summary>Header of a rejected message: why it could not be read.</summary>
    public const string ReasonHeader = "messaging-reason";

    /// <summary>Header of a rejected message: the queue that it came from.</summary>
    public const string OriginHeader = "messaging-queue";

    private const string TaskPrefix = "messaging.tasks.";

    /// <summary>The exchange and queue of a task queue.</summary>
    /// <param name="queue">The task queue's own name.</param>
    public static string OfTasks(string queue) => TaskPrefix + queue;
}
