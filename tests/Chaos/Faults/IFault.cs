namespace Messaging.Tests.Chaos.Faults;

/// <summary>Something that goes wrong, and its end: when it returns, nothing more is done to the system.</summary>
public interface IFault
{
    /// <summary>What it is called in the report.</summary>
    string Name { get; }

    /// <summary>True if Postgres can't answer everybody while it lasts; rescues take longer then.</summary>
    bool TakesLedgerAway => false;

    /// <summary>Does it.</summary>
    /// <param name="system">To whom.</param>
    /// <param name="random">Decides the details.</param>
    /// <param name="journal">Takes down what must be known at the end.</param>
    /// <param name="cancellationToken">Stops the whole run.</param>
    Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken);
}
