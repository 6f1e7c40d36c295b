using Messaging.Contracts.Handlers;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Input = Messaging.Contracts.Kinds.DebugEcho;

namespace Messaging.Consumers.Kinds.DebugEcho;

/// <summary>Runs <c>debug.echo</c>: waits, reports progress on the way, then fails or says back the message.</summary>
public sealed class DebugEchoHandler(TimeProvider time) : ITaskHandler<Input, DebugEchoResult>
{
    /// <inheritdoc/>
    /// <exception cref="NonRetryableException">The wait is negative or longer than an hour.</exception>
    /// <exception cref="InvalidOperationException">The attempt was asked to fail.</exception>
    public async Task<DebugEchoResult> HandleAsync(Input input, TaskContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(context);
        var wait = input.Wait ?? TimeSpan.Zero;
        if (wait < TimeSpan.Zero || wait > Input.LongestWait)
            throw new NonRetryableException(
                $"The wait is {Iso8601Duration.Format(wait)}; it may be PT0S to {Iso8601Duration.Format(Input.LongestWait)}.", FailureCodes.InvalidInput);

        await WaitAsync(wait, input.ProgressSteps, context, cancellationToken);
        return context.Attempt > input.FailTimes
            ? new DebugEchoResult(input.Message, context.Attempt)
            : throw new InvalidOperationException($"Attempt {context.Attempt} fails, as the first {input.FailTimes} were asked to.");
    }

    private async Task WaitAsync(TimeSpan wait, int steps, TaskContext context, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var parts = Math.Max(1, steps);
        for (var step = 1; step <= parts; step++)
        {
            // From the start, not from the last step: many small delays would add up to more than the wait.
            var rest = wait * step / parts - time.GetElapsedTime(start);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (steps > 0)
                context.ReportProgress(100.0 * step / steps, $"step {step} of {steps}");
        }
    }
}
