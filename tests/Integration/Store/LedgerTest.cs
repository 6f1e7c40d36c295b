using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Store;

/// <summary>A fixture with a ledger of its own for each test.</summary>
public abstract class LedgerTest
{
    protected TestLedger Ledger { get; private set; } = null!;

    [SetUp]
    public async Task MakeLedger() => Ledger = await TestLedger.CreateAsync(Register);

    /// <summary>Registers what the tests need beside the stages.</summary>
    protected virtual void Register(IServiceCollection services)
    {
    }

    [TearDown]
    public async Task DropLedger() => await Ledger.DisposeAsync();
}
