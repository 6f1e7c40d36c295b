using Messaging.Consumers.Runtime;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Messages;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;

namespace Messaging.Tests.Unit.Consumers.Runtime;

/// <summary>What each outcome means for the task.</summary>
public sealed class FinishRecorderTests
{
    private static readonly TaskFailure Mendable = new("handler-error", "again", Retryable: true);
    private static readonly TaskFailure Final = new("refused", "never", Retryable: false);

    [Test]
    public void A_returned_result_ends_the_task()
    {
        byte[] result = [1, 2, 3];

        var finish = FinishRecorder.ToFinish(Execution(attempt: 1), new Returned(result));

        Assert.That(finish, Is.TypeOf<Ended>());
        var ended = (Ended)finish!;
        Assert.That((ended.State, ended.Attempt, ended.Fence.ClaimNo, ended.Failure), Is.EqualTo((TaskState.Succeeded, 1, 42L, (TaskFailure?)null)));
        Assert.That(ended.Result!.Value.ToArray(), Is.EqualTo(result));
    }

    [Test]
    public void A_failure_is_retried_while_attempts_are_left_within_the_kinds_delays()
    {
        var finish = FinishRecorder.ToFinish(Execution(attempt: 2), new AttemptFailed(Mendable));

        Assert.That(finish, Is.TypeOf<RetryLater>());
        // The kind's first delay, doubled, and up to half of that.
        Assert.That(((RetryLater)finish!).Delay, Is.InRange(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)));
    }

    [TestCase(3, true)]
    [TestCase(1, false)]
    public void The_last_attempt_and_a_final_failure_end_the_task(int attempt, bool mendable)
    {
        var failure = mendable ? Mendable : Final;

        var finish = FinishRecorder.ToFinish(Execution(attempt), new AttemptFailed(failure));

        Assert.That(finish, Is.TypeOf<Ended>());
        Assert.That((((Ended)finish!).State, ((Ended)finish).Failure), Is.EqualTo((TaskState.Failed, failure)));
    }

    [Test]
    public void A_task_that_was_called_off_ends_cancelled()
    {
        var finish = FinishRecorder.ToFinish(Execution(attempt: 1), new CalledOff());

        Assert.That(finish, Is.TypeOf<Ended>());
        Assert.That((((Ended)finish!).State, ((Ended)finish).Failure!.Code), Is.EqualTo((TaskState.Cancelled, FailureCodes.Cancelled)));
    }

    [Test]
    public void A_task_that_its_handler_called_off_ends_cancelled_with_its_reason()
    {
        var ended = (Ended)FinishRecorder.ToFinish(Execution(attempt: 1), new CalledOff("nobody needs it"))!;

        Assert.That((ended.State, ended.Failure), Is.EqualTo((TaskState.Cancelled, new TaskFailure(FailureCodes.Cancelled, "nobody needs it", false))));
    }

    [Test]
    public void A_failure_that_names_a_time_is_never_retried_before_it()
    {
        var late = (RetryLater)FinishRecorder.ToFinish(Execution(attempt: 1), new AttemptFailed(Mendable) { RetryAfter = TimeSpan.FromHours(1) })!;
        var soon = (RetryLater)FinishRecorder.ToFinish(Execution(attempt: 2), new AttemptFailed(Mendable) { RetryAfter = TimeSpan.FromSeconds(1) })!;
        var last = FinishRecorder.ToFinish(Execution(attempt: 3), new AttemptFailed(Mendable) { RetryAfter = TimeSpan.FromSeconds(1) });

        Assert.That(late.Delay, Is.EqualTo(TimeSpan.FromHours(1)));
        Assert.That(soon.Delay, Is.InRange(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)));
        Assert.That(last, Is.TypeOf<Ended>(), "it counts as an attempt");
    }

    [Test]
    public void A_snooze_is_put_off_whatever_attempts_are_left()
    {
        var finish = FinishRecorder.ToFinish(Execution(attempt: 3), new Snooze(TimeSpan.FromMinutes(5)));

        Assert.That(finish, Is.TypeOf<Snoozed>());
        Assert.That(((Snoozed)finish!).Delay, Is.EqualTo(TimeSpan.FromMinutes(5)));
    }

    [Test]
    public void A_timeout_is_told_apart_from_other_failures()
    {
        var retried = (RetryLater)FinishRecorder.ToFinish(Execution(attempt: 1), new AttemptFailed(Mendable) { TimedOut = true })!;
        var ended = (Ended)FinishRecorder.ToFinish(Execution(attempt: 3), new AttemptFailed(Mendable) { TimedOut = true })!;

        Assert.That((retried.TimedOut, ended.TimedOut), Is.EqualTo((true, true)));
    }

    [Test]
    public void A_rule_of_the_handler_makes_a_failure_final()
    {
        var ended = (Ended)FinishRecorder.ToFinish(Execution(attempt: 1), new AttemptFailed(Mendable) { Exception = typeof(ArgumentNullException) })!;

        Assert.That((ended.State, ended.Failure!.Retryable), Is.EqualTo((TaskState.Failed, false)));
    }

    [Test]
    public void What_is_given_back_spends_no_attempt_and_what_is_not_ours_is_not_recorded()
    {
        var back = FinishRecorder.ToFinish(Execution(attempt: 1), new GivenBack(TimeSpan.FromSeconds(5)));

        Assert.That(back, Is.TypeOf<HandedBack>());
        Assert.That(((HandedBack)back!).Delay, Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(FinishRecorder.ToFinish(Execution(attempt: 1), new NotOurs()), Is.Null);
    }

    private static TaskExecution Execution(int attempt)
    {
        var fence = new Fence(Guid.NewGuid(), 42);
        var copy = new RunTask(Guid.NewGuid(), 0, "unit.spell", default, TimeSpan.FromMinutes(1), 3, null);
        HandlerRegistry.Of([typeof(SpellHandler)]).TryGet("unit.spell", out var handler);
        var execution = new TaskExecution("default", copy, null!, TimeProvider.System) { Fence = fence, Handler = handler };
        execution.Decide(new Claimed(fence, attempt, 0, default));
        return execution;
    }

    [TaskKind("unit.spell")]
    private sealed record Spell(string Word) : ITaskInput<string>;

    [NoRetryOn<ArgumentException>]
    private sealed class SpellHandler : ITaskHandler<Spell, string>
    {
        public Task<string> HandleAsync(Spell input, TaskContext context, CancellationToken cancellationToken) =>
            Task.FromResult(input.Word);
    }
}
