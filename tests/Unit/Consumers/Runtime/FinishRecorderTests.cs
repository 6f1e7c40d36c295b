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
        // The second attempt's delay is drawn from 0 to twice the first.
        Assert.That(((RetryLater)finish!).Delay, Is.InRange(TimeSpan.Zero, TimeSpan.FromSeconds(2)));
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

    private sealed class SpellHandler : ITaskHandler<Spell, string>
    {
        public Task<string> HandleAsync(Spell input, TaskContext context, CancellationToken cancellationToken) =>
            Task.FromResult(input.Word);
    }
}
