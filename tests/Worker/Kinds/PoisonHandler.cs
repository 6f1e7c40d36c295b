using Messaging.Contracts.Handlers;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Runs <c>test.poison</c>. Answers "harmless" if it lives.</summary>
public sealed class PoisonHandler(TimeProvider time) : ITaskHandler<Poison, string>
{
    /// <inheritdoc/>
    public async Task<string> HandleAsync(Poison input, TaskContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(context);
        Trail.Leave(input.Trail, FormattableString.Invariant($"started {context.TaskId} {context.Attempt} {Environment.ProcessId}"));
        await Task.Delay(input.After ?? TimeSpan.Zero, time, cancellationToken);
        if (input.Deaths is not { } deaths || Trail.Count(input.Trail, $"started {context.TaskId}") <= deaths)
            Do(input.Harm);
        return "harmless";
    }

    private static void Do(Harm harm)
    {
        if (harm == Harm.FailFast)
            Environment.FailFast("poison");
        if (harm == Harm.OutOfMemory)
            new Thread(Exhaust).Start(); // on a thread of its own, as an exception nobody catches
    }

    private static void Exhaust()
    {
        // Small pieces: a single large one would fail alone and leave room for everybody else.
        var kept = new List<byte[]>();
        while (true)
            kept.Add(new byte[64 * 1024]);
    }
}
