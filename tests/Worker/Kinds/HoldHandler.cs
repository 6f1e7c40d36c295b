using Messaging.Contracts.Handlers;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Runs <c>test.hold</c>. Answers "held".</summary>
public sealed class HoldHandler(TimeProvider time) : ITaskHandler<Hold, string>
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public async Task<string> HandleAsync(Hold input, TaskContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(context);
        void Say(string what, object detail) =>
            Trail.Leave(input.Trail, FormattableString.Invariant($"{what} {context.TaskId} {detail} {Environment.ProcessId}"));

        Say("started", context.Attempt);
        var since = time.GetTimestamp();
        var longest = input.For ?? TimeSpan.FromHours(1);
        var stopped = false;
        while (time.GetElapsedTime(since) < longest && !(input.Until is { } file && File.Exists(file)))
        {
            await Task.Delay(LookEvery, time, CancellationToken.None);
            if (!cancellationToken.IsCancellationRequested)
                continue;
            if (!stopped)
                Say("stopped", context.StopReason);
            stopped = true;
            if (input.HeedToken)
                cancellationToken.ThrowIfCancellationRequested();
        }

        Say("returned", context.Attempt);
        return "held";
    }
}
