using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Chaos.Faults;

/// <summary><c>kill -9</c> of a consumer; its supervisor starts another at once.</summary>
public sealed class KillConsumer : IFault
{
    /// <inheritdoc/>
    public string Name => "consumer killed (SIGKILL)";

    /// <inheritdoc/>
    public Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken) =>
        system.Consumers[random.Next(system.Consumers.Count)].DisturbAsync(async process =>
        {
            await journal.NoteDeathAsync(system, process, cancellationToken);
            await process.KillAsync();
        });
}

/// <summary><c>kill -9</c> of a producer.</summary>
public sealed class KillProducer : IFault
{
    /// <inheritdoc/>
    public string Name => "producer killed (SIGKILL)";

    /// <inheritdoc/>
    public Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken) =>
        system.Producers[random.Next(system.Producers.Count)].DisturbAsync(process => process.KillAsync());
}

/// <summary>A process told to stop, which drains, and started again: a deployment.</summary>
public sealed class RestartProcess(bool consumer) : IFault
{
    /// <inheritdoc/>
    public string Name => consumer ? "consumer restarted (SIGTERM)" : "producer restarted (SIGTERM)";

    /// <inheritdoc/>
    public Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken)
    {
        var replicas = consumer ? system.Consumers : system.Producers;
        return replicas[random.Next(replicas.Count)].DisturbAsync(process => process.StopAsync(cancellationToken));
    }
}

/// <summary>A process frozen and resumed: a long pause of the machine, or of the garbage collector.</summary>
/// <param name="consumer">A consumer, or a producer.</param>
/// <param name="untilDead">True: for so long that the others declare it dead.</param>
public sealed class FreezeProcess(bool consumer, bool untilDead) : IFault
{
    /// <inheritdoc/>
    public string Name => $"{(consumer ? "consumer" : "producer")} frozen {(untilDead ? "18 to 25" : "1 to 6")} s (SIGSTOP)";

    /// <inheritdoc/>
    public async Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken)
    {
        var replicas = consumer ? system.Consumers : system.Producers;
        var seconds = untilDead ? random.Next(18, 26) : random.Next(1, 7);
        await replicas[random.Next(replicas.Count)].DisturbAsync(async process =>
        {
            if (untilDead && consumer)
                await journal.NoteDeathAsync(system, process, cancellationToken);
            process.Process.Signal(UnixSignal.Stop);
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, cancellationToken);
            }
            finally
            {
                process.Process.Signal(UnixSignal.Continue);
            }
        });
    }
}
