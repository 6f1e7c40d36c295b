namespace Messaging.Contracts.Http;

/// <summary>The values of <see cref="ExplainResponse.Reason"/>. More may be added; none changes its meaning.</summary>
public static class ExplainReasons
{
    /// <summary>It has ended; <see cref="ExplainResponse.State"/> says how.</summary>
    public const string Ended = "ended";

    /// <summary>It failed for good and waits for a person: retry or discard it.</summary>
    public const string DeadLetter = "dead-letter";

    /// <summary>It runs.</summary>
    public const string Running = "running";

    /// <summary>It was called off, and its handler has not let go yet.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>It was submitted for a later time.</summary>
    public const string Delayed = "delayed";

    /// <summary>Its last attempt failed, and the pause before the next one is not over.</summary>
    public const string Retrying = "retrying";

    /// <summary>A handler or a worker put it off: a snooze, a kind that the worker did not know, a suspect that found no place.</summary>
    public const string PutOff = "put-off";

    /// <summary>Its time has come, and it is about to be queued.</summary>
    public const string Due = "due";

    /// <summary>It waits for other tasks.</summary>
    public const string Waiting = "waiting";

    /// <summary>
    /// RabbitMQ can't be reached by the producer that was asked; the task is safe, and is published, or published again, once it can. Or, of a task
    /// that is not published yet: RabbitMQ takes no messages.
    /// </summary>
    public const string BrokerAway = "broker-away";

    /// <summary>It is on its way to RabbitMQ: the relay has not published it yet.</summary>
    public const string NotPublished = "not-published";

    /// <summary>No consumer process runs at all.</summary>
    public const string NoWorker = "no-worker";

    /// <summary>No consumer process listens on its queue.</summary>
    public const string NoWorkerOnQueue = "no-worker-on-queue";

    /// <summary>None of those that listen on its queue has a handler for its kind.</summary>
    public const string NoWorkerForKind = "no-worker-for-kind";

    /// <summary>Workers died while it ran: it runs alone now, one such task at a time in a worker.</summary>
    public const string Suspect = "suspect";

    /// <summary>All slots of the workers that could run it are taken.</summary>
    public const string WorkersBusy = "workers-busy";

    /// <summary>It is published, and nothing is in its way but what was queued before.</summary>
    public const string Queued = "queued";
}
