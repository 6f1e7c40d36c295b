using System.Diagnostics;
using Messaging.Consumers.Kinds.DebugEcho;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;
using Input = Messaging.Contracts.Kinds.DebugEcho;

namespace Messaging.Tests.Unit.Consumers.Kinds.DebugEcho;

[CancelAfter(20_000)]
public sealed class DebugEchoHandlerTests
{
    private readonly DebugEchoHandler _handler = new(TimeProvider.System);

    [Test]
    public async Task Says_back_its_message(CancellationToken limit) =>
        Assert.That(await _handler.HandleAsync(new Input("hello"), new RecordingContext(), limit), Is.EqualTo(new DebugEchoResult("hello", 1)));

    [Test]
    public async Task Waits_as_long_as_it_is_told(CancellationToken limit)
    {
        var watch = Stopwatch.StartNew();
        await _handler.HandleAsync(new Input("a", TimeSpan.FromMilliseconds(150)), new RecordingContext(), limit);
        Assert.That(watch.ElapsedMilliseconds, Is.GreaterThanOrEqualTo(145));
    }

    [Test]
    public async Task Reports_its_steps_in_order(CancellationToken limit)
    {
        var context = new RecordingContext();
        await _handler.HandleAsync(new Input("a", TimeSpan.FromMilliseconds(50), ProgressSteps: 4), context, limit);

        Assert.That(context.Progress.Select(p => p.Percent), Is.EqualTo([25.0, 50.0, 75.0, 100.0]));
        Assert.That(context.Progress[0].Message, Is.EqualTo("step 1 of 4"));
    }

    [Test]
    public async Task Reports_nothing_unless_asked(CancellationToken limit)
    {
        var context = new RecordingContext();
        await _handler.HandleAsync(new Input("a"), context, limit);
        Assert.That(context.Progress, Is.Empty);
    }

    [Test]
    public async Task Steps_do_not_lengthen_the_wait(CancellationToken limit)
    {
        var watch = Stopwatch.StartNew();
        await _handler.HandleAsync(new Input("a", TimeSpan.FromMilliseconds(500), ProgressSteps: 1000), new RecordingContext(), limit);
        Assert.That(watch.ElapsedMilliseconds, Is.InRange(495, 1500), "a thousand delays of at least a millisecond each, if they add up");
    }

    [TestCase(1, true)]
    [TestCase(2, true)]
    [TestCase(3, false)]
    public void The_first_attempts_fail_as_asked(int attempt, bool fails)
    {
        var run = () => _handler.HandleAsync(new Input("a", FailTimes: 2), new RecordingContext(attempt), CancellationToken.None);
        if (fails)
            Assert.That(run, Throws.InvalidOperationException.With.Message.Contains($"Attempt {attempt}"));
        else
            Assert.That(run, Throws.Nothing);
    }

    [TestCase(-1)]
    [TestCase(3601)]
    public void A_wait_out_of_bounds_is_not_tried_again(int seconds) =>
        Assert.That(
            () => _handler.HandleAsync(new Input("a", TimeSpan.FromSeconds(seconds)), new RecordingContext(), CancellationToken.None),
            Throws.InstanceOf<NonRetryableException>().With.Property("Code").EqualTo("invalid-input"));

    [Test]
    public async Task Stops_within_a_second_of_being_told(CancellationToken limit)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit);
        var context = new RecordingContext();
        var run = _handler.HandleAsync(new Input("a", TimeSpan.FromMinutes(10), ProgressSteps: 1000), context, stop.Token);
        await context.FirstReport.WaitAsync(limit);

        await stop.CancelAsync();
        var watch = Stopwatch.StartNew();
        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
    }
}
