using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Tests.Integration.Outbox;
using Messaging.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Reconcile;

/// <summary>A fixture with a ledger and a reconciler of its own for each test; no loop runs, the broker is a recording.</summary>
[CancelAfter(60_000)]
public abstract class ReconcileTest
{
    internal RecordingPublisher Publisher { get; } = new();

    protected TestLedger Ledger { get; private set; } = null!;

    protected LedgerReconciler Reconciler => Ledger.Services.GetRequiredService<LedgerReconciler>();

    protected QueueMarkers Markers => Ledger.Services.GetRequiredService<QueueMarkers>();

    /// <summary>Settings of the reconciler by their short names.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    /// <summary>The markers that were sent, in order.</summary>
    protected Guid[] Sent => [.. Publisher.Confirmed.Select(c => c.Message.Marker).OfType<Guid>()];

    [SetUp]
    public async Task MakeReconciler() => Ledger = await TestLedger.CreateAsync(services =>
    {
        services.AddSingleton<ITaskPublisher>(Publisher);
        services.AddReconciler(new ConfigurationBuilder()
            .AddInMemoryCollection(Settings.Select(s => new KeyValuePair<string, string?>($"Messaging:Reconcile:{s.Key}", s.Value)))
            .Build());
    });

    [TearDown]
    public async Task DropLedger() => await Ledger.DisposeAsync();

    /// <summary>Submits tasks as they would have been two minutes ago: a comparison leaves the last minute out.</summary>
    protected async Task<Guid[]> SubmitEarlierAsync(int count, TimeSpan? delay = null)
    {
        NewTask Earlier() => Ledger.NewTask(delay: delay) with { Id = Guid.CreateVersion7(Ledger.Clock.Now - TimeSpan.FromMinutes(2)) };
        var tasks = Enumerable.Range(0, count).Select(_ => Earlier()).ToArray();
        await Task.WhenAll(tasks.Select(t => Ledger.Submit.SubmitAsync(t, CancellationToken.None).AsTask()));
        return Array.ConvertAll(tasks, t => t.Id);
    }

    protected Task<LedgerReport> ReadAsync() => Ledger.Services.GetRequiredService<LedgerReports>().ReadAsync(CancellationToken.None);

    /// <summary>Makes a check and answers what it found.</summary>
    protected async Task<LedgerReport> CheckAsync()
    {
        await Reconciler.CheckAsync(CancellationToken.None);
        return await ReadAsync();
    }

    /// <summary>Everything is published and settled.</summary>
    protected Task SettleAsync() => Ledger.ExecuteAsync("DELETE FROM messaging.outbox");
}
