using Messaging.Consumers.Runtime;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class AttemptFailureTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1.5);

    [Test]
    public void An_exception_fails_the_attempt_and_keeps_its_type_and_stack()
    {
        var failure = Failure(new FormatException("bad date"), StopReason.None);

        Assert.That((failure.Code, failure.Message, failure.Retryable), Is.EqualTo((FailureCodes.HandlerError, "bad date", true)));
        Assert.That(failure.Details!.Value.GetProperty("exception").GetString(), Is.EqualTo("System.FormatException"));
        Assert.That(failure.Details.Value.GetProperty("stack").GetString(), Does.Contain("bad date"));
    }

    [Test]
    public void A_long_stack_is_cut()
    {
        var failure = Failure(new FormatException(new string('x', 20_000)), StopReason.None);

        Assert.That(failure.Details!.Value.GetProperty("stack").GetString(), Has.Length.EqualTo(AttemptFailure.LongestStack));
    }

    [Test]
    public void Half_a_surrogate_pair_in_a_message_can_be_stored()
    {
        var failure = Failure(new FormatException("half \uD83D"), StopReason.None);

        Assert.That(() => System.Text.Json.JsonSerializer.Serialize(failure), Throws.Nothing);
    }

    [Test]
    public void A_cancellation_of_the_handlers_own_is_a_failure_like_any_other()
    {
        Assert.That(Failure(new TaskCanceledException(), StopReason.None).Code, Is.EqualTo(FailureCodes.HandlerError));
    }

    [Test]
    public void After_its_timeout_an_attempt_failed_by_it_whatever_the_handler_threw()
    {
        var heeded = Failure(new OperationCanceledException(), StopReason.TimedOut);
        var broken = Failure(new IOException("cut off"), StopReason.TimedOut);

        Assert.That((heeded.Code, heeded.Retryable, heeded.Details), Is.EqualTo((FailureCodes.Timeout, true, (object?)null)));
        Assert.That(heeded.Message, Does.Contain("1.5 s"));
        Assert.That(broken.Code, Is.EqualTo(FailureCodes.Timeout));
        Assert.That(broken.Details!.Value.GetProperty("stack").GetString(), Does.Contain("cut off"));
    }

    [TestCase(StopReason.None)]
    [TestCase(StopReason.TimedOut)]
    [TestCase(StopReason.ShuttingDown)]
    public void A_failure_that_retrying_does_not_mend_is_taken_at_its_word(StopReason reason)
    {
        var failure = Failure(new NonRetryableException("no such account", "unknown-account"), reason);

        Assert.That((failure.Code, failure.Message, failure.Retryable), Is.EqualTo(("unknown-account", "no such account", false)));
    }

    [TestCase(StopReason.None)]
    [TestCase(StopReason.TimedOut)]
    [TestCase(StopReason.ShuttingDown)]
    public void A_handler_that_says_how_its_attempt_ends_is_taken_at_its_word(StopReason reason)
    {
        var snooze = AttemptFailure.Of(new SnoozeException(TimeSpan.FromMinutes(3)), reason, Timeout);
        var cancel = AttemptFailure.Of(new CancelTaskException("pointless"), reason, Timeout);
        var later = (AttemptFailed)AttemptFailure.Of(new RetryAfterException(TimeSpan.FromSeconds(90), "busy", "too-busy"), reason, Timeout);

        Assert.That(snooze, Is.EqualTo(new Snooze(TimeSpan.FromMinutes(3))));
        Assert.That(cancel, Is.EqualTo(new CalledOff("pointless")));
        Assert.That((later.RetryAfter, later.Exception, later.TimedOut), Is.EqualTo((TimeSpan.FromSeconds(90), (Type?)null, false)));
        Assert.That((later.Failure.Code, later.Failure.Message, later.Failure.Retryable), Is.EqualTo(("too-busy", "busy", true)));
        Assert.That(later.Failure.Details!.Value.GetProperty("retryAfter").GetString(), Is.EqualTo("PT1M30S"));
    }

    [Test]
    public void After_its_claim_is_lost_or_the_task_called_off_a_handlers_word_does_not_count()
    {
        var snooze = new SnoozeException(TimeSpan.FromMinutes(3));

        Assert.That(AttemptFailure.Of(snooze, StopReason.ClaimLost, Timeout), Is.TypeOf<NotOurs>());
        Assert.That(AttemptFailure.Of(snooze, StopReason.Cancelled, Timeout), Is.EqualTo(new CalledOff()));
    }

    [Test]
    public void A_failure_knows_the_type_that_rules_go_by()
    {
        var broken = (AttemptFailed)AttemptFailure.Of(new EndOfStreamException(), StopReason.None, Timeout);
        var late = (AttemptFailed)AttemptFailure.Of(new EndOfStreamException(), StopReason.TimedOut, Timeout);

        Assert.That((broken.Exception, broken.TimedOut), Is.EqualTo((typeof(EndOfStreamException), false)));
        Assert.That((late.Exception, late.TimedOut), Is.EqualTo((typeof(TimeoutException), true)));
        Assert.That(broken.Failure.Details!.Value.TryGetProperty("retryAfter", out _), Is.False);
    }

    [Test]
    public void What_the_worker_or_a_person_stopped_is_no_failure()
    {
        var error = new IOException("cut off");

        Assert.That(AttemptFailure.Of(error, StopReason.Cancelled, Timeout), Is.TypeOf<CalledOff>());
        Assert.That(AttemptFailure.Of(error, StopReason.ShuttingDown, Timeout), Is.EqualTo(new GivenBack(TimeSpan.Zero)));
        Assert.That(AttemptFailure.Of(error, StopReason.ClaimLost, Timeout), Is.TypeOf<NotOurs>());
    }

    [Test]
    public void A_handler_that_never_lets_go_ends_by_the_reason_it_was_told()
    {
        Assert.That(AttemptFailure.OfSilence(StopReason.TimedOut, Timeout), Is.TypeOf<AttemptFailed>());
        Assert.That(AttemptFailure.OfSilence(StopReason.Cancelled, Timeout), Is.TypeOf<CalledOff>());
        Assert.That(AttemptFailure.OfSilence(StopReason.ShuttingDown, Timeout), Is.EqualTo(new GivenBack(TimeSpan.Zero)));
        Assert.That(AttemptFailure.OfSilence(StopReason.ClaimLost, Timeout), Is.TypeOf<NotOurs>());
    }

    private static TaskFailure Failure(Exception error, StopReason reason)
    {
        var outcome = AttemptFailure.Of(error, reason, Timeout);
        Assert.That(outcome, Is.TypeOf<AttemptFailed>());
        return ((AttemptFailed)outcome).Failure;
    }
}
