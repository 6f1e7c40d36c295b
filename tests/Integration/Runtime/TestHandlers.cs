using System.Collections.Concurrent;
using System.Threading.Channels;
using Messaging.Consumers.Kinds.Callbacks;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Examples;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>Where a test meets the handlers that its worker runs.</summary>
internal sealed class Probe
{
    private readonly Channel<TaskContext> _started = Channel.CreateUnbounded<TaskContext>();

    /// <summary>Opened by the test: gated handlers may end.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How often each task was run.</summary>
    public ConcurrentDictionary<Guid, int> Runs { get; } = new();

    /// <summary>The reasons that stopped handlers have seen.</summary>
    public ConcurrentDictionary<Guid, StopReason> Stopped { get; } = new();

    /// <summary>The first run that has written its booking waits for the gate.</summary>
    public bool HoldFirstBooking { get; set; }

    /// <summary>Completes when that run has written it.</summary>
    public TaskCompletionSource FirstBooked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A handler has started; answers the number of its run, from 1.</summary>
    public int Started(TaskContext context)
    {
        var run = Runs.AddOrUpdate(context.TaskId, 1, (_, runs) => runs + 1);
        _started.Writer.TryWrite(context);
        return run;
    }

    /// <summary>A handler has written its booking.</summary>
    public Task BookedAsync(TaskContext context) => HoldFirstBooking && FirstBooked.TrySetResult() ? Gate.Task : Task.CompletedTask;

    /// <summary>Returns when another handler has started.</summary>
    public ValueTask<TaskContext> NextStartAsync(CancellationToken cancellationToken) => _started.Reader.ReadAsync(cancellationToken);
}

[TaskKind("test.say", FirstRetryDelay = "PT0.05S")]
internal sealed record Say(string Text, int FailTimes = 0) : ITaskInput<Said>;

internal sealed record Said(string Text, int Attempt);

internal sealed class SayHandler(Probe probe) : ITaskHandler<Say, Said>
{
    public Task<Said> HandleAsync(Say input, TaskContext context, CancellationToken cancellationToken)
    {
        probe.Started(context);
        if (context.Attempt <= input.FailTimes)
            throw new InvalidOperationException($"attempt {context.Attempt} fails \0 with a NUL");
        return Task.FromResult(new Said(input.Text, context.Attempt));
    }
}

[TaskKind("test.gated")]
internal sealed record Gated(bool HeedToken = true) : ITaskInput<string>;

/// <summary>Waits until the test opens the gate, or until it is stopped.</summary>
internal sealed class GatedHandler(Probe probe) : ITaskHandler<Gated, string>
{
    public async Task<string> HandleAsync(Gated input, TaskContext context, CancellationToken cancellationToken)
    {
        probe.Started(context);
        try
        {
            await probe.Gate.Task.WaitAsync(input.HeedToken ? cancellationToken : CancellationToken.None);
            return "through";
        }
        catch (OperationCanceledException)
        {
            probe.Stopped[context.TaskId] = context.StopReason;
            throw;
        }
    }
}

[TaskKind("test.blocking")]
internal sealed record Blocking : ITaskInput<string>;

/// <summary>Does not let go of its thread until the test opens the gate.</summary>
internal sealed class BlockingHandler(Probe probe) : ITaskHandler<Blocking, string>
{
    public Task<string> HandleAsync(Blocking input, TaskContext context, CancellationToken cancellationToken)
    {
        probe.Started(context);
        probe.Gate.Task.Wait(cancellationToken);
        return Task.FromResult("through");
    }
}

[TaskKind("test.refuse")]
internal sealed record Refuse(string Why) : ITaskInput<string>;

internal sealed class RefuseHandler : ITaskHandler<Refuse, string>
{
    public Task<string> HandleAsync(Refuse input, TaskContext context, CancellationToken cancellationToken) =>
        throw new NonRetryableException(input.Why, "refused");
}

[TaskKind("test.large")]
internal sealed record Large(int Length) : ITaskInput<string>;

internal sealed class LargeHandler : ITaskHandler<Large, string>
{
    public Task<string> HandleAsync(Large input, TaskContext context, CancellationToken cancellationToken) =>
        Task.FromResult(new string('x', input.Length));
}

[TaskKind("test.report")]
internal sealed record Report(int Times) : ITaskInput<string>;

/// <summary>Reports progress and then waits for the gate.</summary>
internal sealed class ReportHandler(Probe probe) : ITaskHandler<Report, string>
{
    public async Task<string> HandleAsync(Report input, TaskContext context, CancellationToken cancellationToken)
    {
        for (var i = 1; i <= input.Times; i++)
            context.ReportProgress(100.0 * i / input.Times, $"step {i} \0");
        probe.Started(context);
        await probe.Gate.Task.WaitAsync(cancellationToken);
        return "done";
    }
}

internal static class TestHandlers
{
    public static IReadOnlyList<Type> All { get; } =
    [
        typeof(SayHandler), typeof(GatedHandler), typeof(BlockingHandler), typeof(RefuseHandler), typeof(LargeHandler), typeof(ReportHandler),
        typeof(ImportFeedHandler), typeof(BookPaymentHandler), typeof(BookOrderHandler), typeof(CommitItselfHandler), typeof(SendCallbackHandler),
    ];
}
