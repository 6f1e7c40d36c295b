using System.Data.Common;
using Messaging.Consumers.Kinds.DebugEcho;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Contracts.Testing;

namespace Messaging.Tests.Unit.Contracts.Testing;

/// <summary>A handler alone: what docs/testing.md promises.</summary>
public sealed class TestTaskContextTests
{
    [Test]
    public async Task A_handler_runs_alone_and_its_reports_are_kept()
    {
        using var context = new TestTaskContext(attempt: 3);

        var result = await context.RunAsync(new DebugEchoHandler(TimeProvider.System), new DebugEcho("hi", FailTimes: 2, ProgressSteps: 2));

        Assert.That(result, Is.EqualTo(new DebugEchoResult("hi", 3)));
        Assert.That(context.Progress, Is.EqualTo(new[] { new TaskProgress(50, "step 1 of 2"), new TaskProgress(100, "step 2 of 2") }));
    }

    [Test]
    public void What_it_throws_comes_through()
    {
        using var context = new TestTaskContext();
        Assert.That(
            async () => await context.RunAsync(new DebugEchoHandler(TimeProvider.System), new DebugEcho("hi", FailTimes: 1)), Throws.InvalidOperationException);
    }

    [Test]
    public void An_input_that_the_producer_would_refuse_is_refused()
    {
        using var context = new TestTaskContext();
        Assert.That(
            async () => await context.RunAsync(new DebugEchoHandler(TimeProvider.System), new DebugEcho("hi", FailTimes: 101)),
            Throws.ArgumentException.With.Message.Contains("#/failTimes"));
    }

    [Test]
    public async Task It_is_told_to_stop_and_why()
    {
        using var context = new TestTaskContext();
        var running = context.RunAsync(new DebugEchoHandler(TimeProvider.System), new DebugEcho("hi", TimeSpan.FromMinutes(5)));

        context.Stop(StopReason.ShuttingDown);
        context.Stop(StopReason.TimedOut);

        Assert.That(async () => await running, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(context.StopReason, Is.EqualTo(StopReason.ShuttingDown));
    }

    [Test]
    public async Task The_transaction_is_the_tests_and_the_same_each_time()
    {
        var begun = 0;
        using var context = new TestTaskContext(beginTransaction: _ =>
        {
            begun++;
            return Task.FromResult<DbTransaction>(null!);
        });
        using var without = new TestTaskContext();

        Assert.That(context.HasBegunTransaction, Is.False);
        await context.BeginTransactionAsync();
        await context.BeginTransactionAsync();

        Assert.That((begun, context.HasBegunTransaction), Is.EqualTo((1, true)));
        Assert.That(async () => await without.BeginTransactionAsync(), Throws.InstanceOf<NotSupportedException>());
    }

    [Test]
    public void A_result_that_is_no_json_is_found()
    {
        using var context = new TestTaskContext();
        Assert.That(async () => await context.RunAsync(new OddHandler(), new Odd()), Throws.InvalidOperationException.With.Message.Contains("does not survive JSON"));
    }

    [TaskKind("test.odd")]
    private sealed record Odd : ITaskInput<Type>;

    private sealed class OddHandler : ITaskHandler<Odd, Type>
    {
        public Task<Type> HandleAsync(Odd input, TaskContext context, CancellationToken cancellationToken) => Task.FromResult(typeof(string));
    }
}
