namespace Messaging.Tests.Chaos.Faults;

/// <summary>Every sort of fault. The first round takes each once, in an order of the seed; after that they are drawn.</summary>
public sealed class FaultPlan
{
    private static readonly IFault[] Sorts =
    [
        new KillConsumer(),
        new KillProducer(),
        new RestartProcess(consumer: true),
        new RestartProcess(consumer: false),
        new FreezeProcess(consumer: true, untilDead: false),
        new FreezeProcess(consumer: true, untilDead: true),
        new FreezeProcess(consumer: false, untilDead: false),
        new RestartServer(ledger: false, kill: false),
        new RestartServer(ledger: false, kill: true),
        new RestartServer(ledger: true, kill: false),
        new RestartServer(ledger: true, kill: true),
        new CutConnections(ledger: false),
        new CutConnections(ledger: true),
        new Unreachable(ledger: false, silent: false),
        new Unreachable(ledger: false, silent: true),
        new Unreachable(ledger: true, silent: false),
        new Unreachable(ledger: true, silent: true),
        new PurgeWaiting(),
    ];

    private readonly Random _random;
    private readonly Queue<IFault> _firstRound;

    /// <summary>A plan that the seed decides.</summary>
    public FaultPlan(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        _random = random;
        var sorts = Sorts.ToArray();
        random.Shuffle(sorts);
        _firstRound = new Queue<IFault>(sorts);
    }

    /// <summary>The next fault.</summary>
    public IFault Next() => _firstRound.TryDequeue(out var fault) ? fault : Sorts[_random.Next(Sorts.Length)];
}
