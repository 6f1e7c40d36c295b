using System.Globalization;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Store.Explain;

/// <summary>
/// From the facts to the one reason that a person should look at first. Where several hold, the one that has to go before the others matter
/// comes first: without a broker no worker is of use, and without a worker no place in the queue.
/// </summary>
internal static class Explanations
{
    /// <summary>Explains.</summary>
    public static ExplainResponse Of(TaskFacts facts) => facts.State switch
    {
        TaskState.Scheduled => Scheduled(facts),
        TaskState.Waiting => Say(facts, ExplainReasons.Waiting, "It waits for other tasks."),
        TaskState.Queued => Queued(facts),
        TaskState.Running => Running(facts),
        _ => Ended(facts),
    };

    private static ExplainResponse Ended(TaskFacts facts) => facts.State == TaskState.Failed && facts.DiscardedAt is null
        ? Say(facts, ExplainReasons.DeadLetter, $"It failed for good {Ago(facts, facts.FinishedAt)}{Because(facts)} It waits for a person: retry or discard it.", facts.FinishedAt)
        : Say(facts, ExplainReasons.Ended, $"It ended {Ago(facts, facts.FinishedAt)}: {facts.State.ToString().ToLowerInvariant()}.", facts.FinishedAt);

    private static ExplainResponse Running(TaskFacts facts) => facts.CancelRequested
        ? Say(facts, ExplainReasons.Cancelling, $"It was called off, and its handler on worker {facts.Worker} has not let go yet.", facts.ClaimedAt)
        : Say(facts, ExplainReasons.Running, $"Attempt {facts.Attempt} of {facts.MaxAttempts} runs on worker {facts.Worker}, since {Span(facts.Now - facts.ClaimedAt)}.", facts.ClaimedAt);

    private static ExplainResponse Scheduled(TaskFacts facts)
    {
        if (facts.DueAt <= facts.Now)
            return Say(facts, ExplainReasons.Due, "Its time has come; it is queued within half a second while a producer or consumer runs.", facts.DueAt);
        var left = Span(facts.DueAt - facts.Now);
        if (facts.LastOutcome is AttemptOutcomes.Failed or AttemptOutcomes.TimedOut)
            return Say(facts, ExplainReasons.Retrying, $"Attempt {facts.Attempt} of {facts.MaxAttempts} did not succeed{Because(facts)} The next one is due in {left}.", until: facts.DueAt);
        if (facts.RunAt == facts.DueAt)
            return Say(facts, ExplainReasons.Delayed, $"It was submitted for a later time and is due in {left}.", until: facts.DueAt);
        return Say(
            facts,
            ExplainReasons.PutOff,
            $"A handler or a worker put it off{(facts.Workers.Able == 0 ? $": no running worker on queue '{facts.Queue}' knows the kind '{facts.Kind}'" : "")}. It is due in {left}.",
            until: facts.DueAt);
    }

    private static ExplainResponse Queued(TaskFacts facts)
    {
        var workers = facts.Workers;
        if (WithoutBroker(facts) is { } why)
            return Say(facts, ExplainReasons.BrokerAway, why, facts.InOutboxSince ?? facts.QueuedAt);
        if (workers.Live == 0)
            return Say(facts, ExplainReasons.NoWorker, "No consumer process is running. Start one.", facts.QueuedAt);
        if (workers.Listening == 0)
            return Say(facts, ExplainReasons.NoWorkerOnQueue, $"{Count(workers.Live, "consumer process runs", "consumer processes run")}, but none listens on queue '{facts.Queue}'. Start one with --queues {facts.Queue}.", facts.QueuedAt);
        if (workers.Able == 0)
            return Say(facts, ExplainReasons.NoWorkerForKind, $"{Count(workers.Listening, "consumer process listens", "consumer processes listen")} on queue '{facts.Queue}', but none has a handler for the kind '{facts.Kind}'. Deploy a worker that has.", facts.QueuedAt);
        if (facts.InOutboxSince is { } since)
            return Say(facts, ExplainReasons.NotPublished, $"It is on its way to RabbitMQ since {Span(facts.Now - since)}{Behind(facts)}.", since);
        if (facts.Suspect)
            return Say(facts, ExplainReasons.Suspect, "A worker died while it ran. It runs alone from now on, one such task at a time in each worker, and waits for such a place.", facts.QueuedAt);
        // Callbacks have places of their own beside the slots that workers tell of.
        return workers.Running >= workers.Slots && facts.Queue != SendCallback.QueueName
            ? Say(facts, ExplainReasons.WorkersBusy, $"All {workers.Slots} slots of the {Count(workers.Able, "worker", "workers")} that can run it are taken{Behind(facts)}. Start another, or wait.", facts.QueuedAt)
            : Say(facts, ExplainReasons.Queued, $"It is published and will be taken in its turn{Behind(facts)}.", facts.QueuedAt);
    }

    // A broker under an alarm takes nothing and still delivers: what is published goes on.
    private static string? WithoutBroker(TaskFacts facts) => (facts.Broker, Published: facts.InOutboxSince is null) switch
    {
        (BrokerView.Away, false) => "RabbitMQ can't be reached. The task is safe in Postgres and is published as soon as it can.",
        (BrokerView.Away, true) => "It was published, and this process can't reach RabbitMQ. If workers can't either, it goes on when RabbitMQ is back, published again if it was lost there.",
        (BrokerView.Blocked, false) => "RabbitMQ takes no messages: a memory or disk alarm. The task is safe in Postgres and is published as soon as it does.",
        _ => null,
    };

    private static ExplainResponse Say(TaskFacts facts, string reason, string explanation, DateTimeOffset? since = null, DateTimeOffset? until = null) => new(
        facts.Id,
        facts.State,
        reason,
        explanation,
        since,
        until,
        facts.State == TaskState.Queued ? facts.Ahead : null,
        facts.State is TaskState.Queued or TaskState.Running ? facts.Workers : null,
        facts.LastFailure);

    private static string Behind(TaskFacts facts) => facts.Ahead switch
    {
        0 => "",
        >= TaskExplainer.MostCounted => $", behind {TaskExplainer.MostCounted.ToString("N0", CultureInfo.InvariantCulture)} or more",
        var ahead => $", behind {ahead.ToString("N0", CultureInfo.InvariantCulture)}",
    };

    // Messages of failures are sentences or not, as their authors pleased.
    private static string Because(TaskFacts facts) => facts.LastFailure is { } failure ? $": {failure.Code}, {failure.Message.TrimEnd('.', ' ')}." : ".";

    private static string Count(int number, string one, string many) => $"{number} {(number == 1 ? one : many)}";

    private static string Ago(TaskFacts facts, DateTimeOffset? moment) => $"{Span(facts.Now - moment)} ago";

    private static string Span(TimeSpan? span) => span switch
    {
        null => "some time",
        { TotalSeconds: < 1 } => "less than a second",
        { TotalMinutes: < 2 } s => Count((int)s.TotalSeconds, "second", "seconds"),
        { TotalHours: < 2 } s => Count((int)s.TotalMinutes, "minute", "minutes"),
        { TotalDays: < 2 } s => Count((int)s.TotalHours, "hour", "hours"),
        var s => Count((int)s.Value.TotalDays, "day", "days"),
    };
}
