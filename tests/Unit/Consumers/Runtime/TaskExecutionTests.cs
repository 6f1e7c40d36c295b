using Messaging.Consumers.Runtime;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Messages;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class TaskExecutionTests
{
    private readonly SteppedTime _time = new();

    [Test]
    public void It_is_overdue_from_its_timeout_on_but_only_once_it_has_started()
    {
        var execution = Execution(TimeSpan.FromSeconds(10));
        _time.Step(TimeSpan.FromMinutes(1));
        var beforeStart = execution.IsOverdue(_time.GetTimestamp());

        execution.Start();
        _time.Step(TimeSpan.FromSeconds(9.9));
        var before = execution.IsOverdue(_time.GetTimestamp());
        _time.Step(TimeSpan.FromSeconds(0.1));
        var after = execution.IsOverdue(_time.GetTimestamp());
        execution.Stop(StopReason.TimedOut);

        Assert.That((beforeStart, before, after), Is.EqualTo((false, false, true)));
        Assert.That(execution.IsOverdue(_time.GetTimestamp()), Is.False, "told once");
    }

    [Test]
    public void A_timeout_beyond_all_clocks_never_comes()
    {
        var execution = Execution(TimeSpan.MaxValue);

        execution.Start();

        Assert.That(execution.IsOverdue(_time.GetTimestamp() + (long.MaxValue / 4)), Is.False);
    }

    [Test]
    public void The_first_reason_to_stop_stays()
    {
        var execution = Execution(TimeSpan.FromSeconds(10));

        var first = execution.Stop(StopReason.Cancelled);
        var second = execution.Stop(StopReason.ShuttingDown);

        Assert.That((first, second), Is.EqualTo((true, false)));
        Assert.That(execution.StopReason, Is.EqualTo(StopReason.Cancelled));
        Assert.That(execution.Stopping.IsCancellationRequested, Is.True);
        Assert.That(execution.Context.StopReason, Is.EqualTo(StopReason.Cancelled));
    }

    [Test]
    public void What_a_handler_hangs_on_its_token_can_not_break_the_stop()
    {
        var execution = Execution(TimeSpan.FromSeconds(10));
        execution.Stopping.Register(() => throw new InvalidOperationException("a handler's own fault"));

        Assert.That(() => execution.Stop(StopReason.TimedOut), Throws.Nothing);
    }

    [Test]
    public void It_ignores_its_stop_when_the_grace_is_over_and_nobody_has_concluded()
    {
        var grace = TimeSpan.FromSeconds(30);
        var execution = Execution(TimeSpan.FromSeconds(10));
        var running = execution.IsIgnoringStop(_time.GetTimestamp(), grace);
        execution.Stop(StopReason.TimedOut);
        _time.Step(TimeSpan.FromSeconds(29));
        var within = execution.IsIgnoringStop(_time.GetTimestamp(), grace);
        _time.Step(TimeSpan.FromSeconds(1));
        var after = execution.IsIgnoringStop(_time.GetTimestamp(), grace);
        var concluded = (execution.TryConclude(), execution.TryConclude());

        Assert.That((running, within, after), Is.EqualTo((false, false, true)));
        Assert.That(concluded, Is.EqualTo((true, false)));
        Assert.That(execution.IsIgnoringStop(_time.GetTimestamp(), grace), Is.False);
    }

    private TaskExecution Execution(TimeSpan timeout) =>
        new("default", new RunTask(Guid.NewGuid(), 0, "unit.any", default, timeout, 3, null), null!, _time);

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Step(TimeSpan step) => _ticks += step.Ticks;

        public override long GetTimestamp() => _ticks;
    }
}
