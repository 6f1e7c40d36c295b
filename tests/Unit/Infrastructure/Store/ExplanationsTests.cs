using System.Text.RegularExpressions;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Explain;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Infrastructure.Store;

public sealed class ExplanationsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 10, 0, 0, TimeSpan.Zero);
    private static readonly ExplainWorkers Idle = new(2, 2, 2, 200, 10);
    private static readonly TaskFailure Failure = new("smtp", "Connection refused.", true);

    private static TaskFacts Queued => Facts(TaskState.Queued) with { QueuedAt = Now.AddSeconds(-30) };

    private static IEnumerable<TestCaseData> Cases =>
    [
        Case(ExplainReasons.Delayed, Facts(TaskState.Scheduled) with { RunAt = Now.AddHours(3), DueAt = Now.AddHours(3) }, "is due in 3 hours"),
        Case(ExplainReasons.Due, Facts(TaskState.Scheduled) with { RunAt = Now, DueAt = Now }, "Its time has come"),
        Case(
            ExplainReasons.Retrying,
            Facts(TaskState.Scheduled) with { DueAt = Now.AddSeconds(40), Attempt = 2, LastOutcome = AttemptOutcomes.Failed, LastFailure = Failure },
            "Attempt 2 of 3 did not succeed: smtp, Connection refused. The next one is due in 40 seconds."),
        Case(ExplainReasons.Retrying, Facts(TaskState.Scheduled) with { DueAt = Now.AddSeconds(40), LastOutcome = AttemptOutcomes.TimedOut }, "due in 40 seconds"),
        Case(ExplainReasons.PutOff, Facts(TaskState.Scheduled) with { DueAt = Now.AddSeconds(5), LastOutcome = AttemptOutcomes.Snoozed }, "put it off. It is due in 5 seconds."),
        Case(
            ExplainReasons.PutOff,
            Facts(TaskState.Scheduled) with { DueAt = Now.AddSeconds(5), Workers = new(1, 1, 0, 0, 0) },
            "no running worker on queue 'mail' knows the kind 'mail.send'"),
        Case(ExplainReasons.Waiting, Facts(TaskState.Waiting), "waits for other tasks"),
        Case(ExplainReasons.BrokerAway, Queued with { InOutboxSince = Now, Broker = BrokerView.Away, Workers = new(0, 0, 0, 0, 0) }, "RabbitMQ can't be reached. The task is safe"),
        Case(ExplainReasons.BrokerAway, Queued with { InOutboxSince = Now, Broker = BrokerView.Blocked }, "RabbitMQ takes no messages"),
        Case(ExplainReasons.BrokerAway, Queued with { Broker = BrokerView.Away, Workers = new(0, 0, 0, 0, 0) }, "It was published, and this process can't reach RabbitMQ"),
        Case(ExplainReasons.NoWorker, Queued with { Workers = new(0, 0, 0, 0, 0) }, "No consumer process is running"),
        Case(ExplainReasons.NoWorkerOnQueue, Queued with { Workers = new(1, 0, 0, 0, 0) }, "1 consumer process runs, but none listens on queue 'mail'"),
        Case(ExplainReasons.NoWorkerForKind, Queued with { Workers = new(3, 2, 0, 0, 0) }, "2 consumer processes listen on queue 'mail', but none has a handler for the kind 'mail.send'"),
        Case(ExplainReasons.NotPublished, Queued with { InOutboxSince = Now.AddSeconds(-3), Ahead = 1200 }, "on its way to RabbitMQ since 3 seconds, behind 1,200."),
        Case(ExplainReasons.Suspect, Queued with { Suspect = true }, "runs alone"),
        Case(ExplainReasons.WorkersBusy, Queued with { Workers = new(1, 1, 1, 100, 100), Ahead = 10_000 }, "All 100 slots of the 1 worker that can run it are taken, behind 10,000 or more."),
        Case(ExplainReasons.Queued, Queued, "will be taken in its turn."),
        Case(ExplainReasons.Queued, Queued with { Queue = "callbacks", Workers = new(1, 1, 1, 100, 100) }, "will be taken in its turn."),
        Case(ExplainReasons.Queued, Queued with { Broker = BrokerView.Blocked }, "will be taken"),
        Case(ExplainReasons.Running, Facts(TaskState.Running) with { Attempt = 1, ClaimedAt = Now.AddMinutes(-5) }, "Attempt 1 of 3 runs on worker"),
        Case(ExplainReasons.Cancelling, Facts(TaskState.Running) with { CancelRequested = true, ClaimedAt = Now }, "has not let go yet"),
        Case(ExplainReasons.DeadLetter, Facts(TaskState.Failed) with { FinishedAt = Now.AddDays(-3), LastFailure = Failure }, "failed for good 3 days ago: smtp, Connection refused. It waits for a person"),
        Case(ExplainReasons.Ended, Facts(TaskState.Failed) with { FinishedAt = Now, DiscardedAt = Now }, "It ended less than a second ago: failed."),
        Case(ExplainReasons.Ended, Facts(TaskState.Succeeded) with { FinishedAt = Now.AddSeconds(-1) }, "It ended 1 second ago: succeeded."),
    ];

    [TestCaseSource(nameof(Cases))]
    public void The_first_thing_that_is_in_the_way_is_told(string reason, TaskFacts facts, string words)
    {
        var answer = Explanations.Of(facts);
        Assert.That(answer.Reason, Is.EqualTo(reason));
        Assert.That(answer.Explanation, Does.Contain(words));
        Assert.That(answer.State, Is.EqualTo(facts.State));
        Assert.That(answer.Ahead, facts.State == TaskState.Queued ? Is.EqualTo(facts.Ahead) : Is.Null);
    }

    [Test]
    public void Every_reason_is_tested_and_documented()
    {
        var reasons = typeof(ExplainReasons).GetFields().Select(f => (string)f.GetRawConstantValue()!).ToArray();
        var page = File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", "explain.md"));

        Assert.That(Cases.Select(c => (string)c.Arguments[0]!).Distinct(), Is.EquivalentTo(reasons));
        Assert.That(Regex.Matches(page, @"^\| `([a-z-]+)` \|", RegexOptions.Multiline).Select(m => m.Groups[1].Value), Is.EquivalentTo(reasons));
    }

    private static TestCaseData Case(string reason, TaskFacts facts, string words) => new(reason, facts, words);

    private static TaskFacts Facts(TaskState state) => new()
    {
        Id = new Guid("01a1fc24-0000-7000-8000-000000000000"),
        Kind = "mail.send",
        Queue = "mail",
        State = state,
        Now = Now,
        MaxAttempts = 3,
        Workers = Idle,
    };
}
