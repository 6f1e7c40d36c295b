using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Events;
using Messaging.Infrastructure.Store.Read;

namespace Messaging.Tests.Unit.Infrastructure.Store.Events;

public sealed class TaskHistoryTests
{
    private static readonly DateTimeOffset Accepted = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Guid Id = Guid.CreateVersion7(Accepted);

    [Test]
    public void A_task_that_waits_in_its_queue_has_one_event()
    {
        var news = History(Open(TaskState.Queued)).After(EventPosition.Start);

        Assert.That(Names(news), Is.EqualTo(["task.queued"]));
        Assert.That((news.HasMore, news.IsOver), Is.EqualTo((false, false)));
        Assert.That(news.Events[0].Position.ToString(), Is.EqualTo($"{Accepted.AddMinutes(-1).ToUnixTimeMilliseconds()}000-2"));
        Assert.That(news.Events[0].At, Is.EqualTo(Accepted));
    }

    [Test]
    public void A_task_for_later_is_scheduled_first()
    {
        var history = History(Open(TaskState.Queued), askedRunAt: At(10), mark: new(TaskState.Queued, null, At(10.2), null));

        Assert.That(Names(history.After(EventPosition.Start)), Is.EqualTo(["task.scheduled", "task.queued"]));
    }

    [Test]
    public void A_run_with_reports_and_its_end_come_in_order_and_read_on_from_any_of_them()
    {
        var history = History(Ended(TaskState.Succeeded, started: 1, finished: 9), progress: [Report(1, 1), Report(1, 2), Report(1, 3)]);

        var all = history.After(EventPosition.Start);
        Assert.That(Names(all), Is.EqualTo(["task.queued", "task.running", "task.progress", "task.progress", "task.progress", "task.succeeded"]));
        Assert.That(all.IsOver, Is.True);
        for (var known = 0; known < all.Events.Count; known++)
        {
            var rest = history.After(all.Events[known].Position);
            Assert.That(rest.Events.Select(e => e.Position), Is.EqualTo(all.Events.Skip(known + 1).Select(e => e.Position)), $"behind event {known}");
        }
    }

    [Test]
    public void Each_event_shows_the_task_as_it_was()
    {
        var events = History(
            Ended(TaskState.Succeeded, started: 20, finished: 29) with { Attempt = 2 },
            runs: [Run(1, 5, 1, AttemptOutcomes.Failed)],
            progress: [Report(1, 1), Report(20, 1)]).After(EventPosition.Start).Events;

        Assert.That(events.Select(e => (e.Name, e.Task.Attempt, e.Task.StartedAt, e.Task.FinishedAt)), Is.EqualTo(new (string, int, DateTimeOffset?, DateTimeOffset?)[]
        {
            ("task.queued", 0, null, null),
            ("task.running", 1, At(1), null),
            ("task.progress", 1, At(1), null),
            ("task.scheduled", 1, null, null),
            ("task.running", 2, At(20), null),
            ("task.progress", 2, At(20), null),
            ("task.succeeded", 2, At(20), At(29)),
        }));
        Assert.That(events.Select(e => e.Task.Progress?.Percent), Is.EqualTo(new double?[] { null, null, 1, null, null, 1, null }));
        Assert.That(events.Select(e => e.Position), Is.Ordered);
    }

    [Test]
    public void A_lost_worker_spends_no_attempt_and_leads_back_to_the_queue()
    {
        var events = History(Open(TaskState.Queued, attempt: 0), runs: [Run(1, 14, 1, AttemptOutcomes.WorkerLost)], mark: new(TaskState.Queued, null, At(14), null))
            .After(EventPosition.Start).Events;

        Assert.That(events.Select(e => (e.Name, e.Task.Attempt)), Is.EqualTo([("task.queued", 0), ("task.running", 1), ("task.queued", 0)]));
    }

    [Test]
    public void A_failure_that_a_person_retried_was_final()
    {
        var failure = """{"code":"refused","message":"No.","retryable":false}""";
        var history = History(
            Open(TaskState.Running, attempt: 1) with { StartedAt = At(100) },
            runs: [Run(1, 2, 1, AttemptOutcomes.Failed), Run(3, 4, 2, AttemptOutcomes.Failed, failure)],
            mark: new(TaskState.Running, At(100), At(99), null));
        var events = history.After(EventPosition.Start).Events;

        Assert.That(
            events.Select(e => e.Name),
            Is.EqualTo(["task.queued", "task.running", "task.scheduled", "task.running", "task.failed", "task.running"]));
        Assert.That(events[4].Task.Failure!.Code, Is.EqualTo("refused"));
        Assert.That(Names(history.After(events[4].Position)), Is.EqualTo(["task.running"]), "who had the failure reads on");
    }

    [Test]
    public void A_stay_in_the_queue_between_two_runs_is_known_while_the_next_run_lasts()
    {
        var history = History(
            Open(TaskState.Running, attempt: 2) with { StartedAt = At(8) },
            runs: [Run(1, 2, 1, AttemptOutcomes.TimedOut)],
            mark: new(TaskState.Running, At(8), At(7), null));

        Assert.That(Names(history.After(EventPosition.Start)), Is.EqualTo(["task.queued", "task.running", "task.scheduled", "task.queued", "task.running"]));
    }

    [Test]
    public void Whoever_knows_a_state_that_left_no_trace_is_told_the_present_one()
    {
        // It ran, was handed back, and waits again; the claim is nowhere any more.
        var history = History(Open(TaskState.Queued), mark: new(TaskState.Queued, null, At(50), null));

        var news = history.After(EventPosition.Of(TaskState.Running, At(40)));

        Assert.That(Names(news), Is.EqualTo(["task.queued"]));
        Assert.That(news.Events[0].At, Is.EqualTo(At(50)));
        Assert.That(Names(history.After(news.Events[0].Position)), Is.Empty, "once");
    }

    [Test]
    public void The_end_is_told_even_if_the_ledgers_clock_went_back()
    {
        var history = History(Ended(TaskState.Succeeded, started: 1, finished: 9));
        var later = EventPosition.Of(TaskState.Running, At(1_000));

        var news = history.After(later);

        Assert.That(Names(news), Is.EqualTo(["task.succeeded"]));
        Assert.That(news.Events[0].Position, Is.GreaterThan(later));
        Assert.That(Names(history.After(news.Events[0].Position)), Is.Empty);
    }

    [Test]
    public void Since_a_moment_only_what_happened_later_is_told()
    {
        var history = History(Ended(TaskState.Succeeded, started: 1, finished: 9), progress: [Report(1, 1), Report(1, 2)]);

        Assert.That(Names(history.Since(Accepted)), Has.Length.EqualTo(5));
        Assert.That(Names(history.Since(At(2.5))), Is.EqualTo(["task.progress", "task.succeeded"]), "a report's time is not its position");
        Assert.That(Names(history.Since(At(60))), Is.Empty, "the present state is nothing new");
    }

    [Test]
    public void A_claim_comes_behind_the_acceptance_even_if_its_producers_clock_was_ahead()
    {
        var news = History(Open(TaskState.Running, attempt: 1) with { StartedAt = At(-0.005) }, mark: new(TaskState.Running, At(-0.005), At(-0.006), null))
            .After(EventPosition.Start);

        Assert.That(Names(news), Is.EqualTo(["task.queued", "task.running"]));
    }

    [Test]
    public void With_more_reports_to_come_the_end_waits()
    {
        var news = History(Ended(TaskState.Succeeded, started: 1, finished: 9), progress: [Report(1, 1), Report(1, 2)], cut: true).After(EventPosition.Start);

        Assert.That(Names(news), Is.EqualTo(["task.queued", "task.running", "task.progress", "task.progress"]));
        Assert.That((news.HasMore, news.IsOver), Is.EqualTo((true, false)));
    }

    [TestCase(TaskState.Cancelled, "task.cancelled")]
    [TestCase(TaskState.Expired, "task.expired")]
    public void An_end_without_a_run_has_none(TaskState state, string name)
    {
        var task = Ended(state, started: null, finished: 5);

        Assert.That(Names(History(task).After(EventPosition.Start)), Is.EqualTo(["task.queued", name]));
        Assert.That(
            Names(History(task with { Attempt = 1 }, runs: [Run(1, 2, 1, AttemptOutcomes.Failed)]).After(EventPosition.Start)),
            Is.EqualTo(["task.queued", "task.running", "task.scheduled", name]),
            "the failure before was not final");
    }

    private static string[] Names(TaskNews news) => [.. news.Events.Select(e => e.Name)];

    private static DateTimeOffset At(double seconds) => Accepted.AddSeconds(seconds);

    private static PastRun Run(double started, double finished, int attempt, string outcome, string? failure = null) =>
        new(At(started), At(finished), attempt, outcome, failure);

    private static StoredProgress Report(double claimed, int number) =>
        new(EventPosition.ScaleOf(At(claimed)) + number, At(claimed + number), new TaskProgress(number, null));

    private static TaskRecord Open(TaskState state, int attempt = 0) => new()
    {
        Id = Id,
        Kind = "unit.any",
        Queue = "default",
        State = state,
        Attempt = attempt,
        MaxAttempts = 3,
        Tags = [],
    };

    private static TaskRecord Ended(TaskState state, double? started, double finished) => Open(state, started is null ? 0 : 1) with
    {
        StartedAt = started is { } at ? At(at) : null,
        FinishedAt = At(finished),
    };

    private static TaskHistory History(
        TaskRecord task,
        DateTimeOffset? askedRunAt = null,
        TaskMark mark = default,
        IReadOnlyList<PastRun>? runs = null,
        IReadOnlyList<StoredProgress>? progress = null,
        bool cut = false) => new(task, askedRunAt, mark, runs ?? [], progress ?? [], cut);
}
