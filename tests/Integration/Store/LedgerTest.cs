using Messaging.Tests.Support;

namespace Messaging.Tests.Integration.Store;

/// <summary>A fixture with a ledger of its own for each test.</summary>
public abstract class LedgerTest
{
    protected TestLedger Ledger { get; private set; } = null!;

    [SetUp]
    public async Task MakeLedger() => Ledger = await TestLedger.CreateAsync();

    [TearDown]
    public async Task DropLedger() => await Ledger.DisposeAsync();
}
