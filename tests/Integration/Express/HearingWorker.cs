using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Messaging.Tests.Integration.Express;

/// <summary>A worker's ear and its row: it hears express copies, and runs nothing.</summary>
internal sealed class HearingWorker : IAsyncDisposable
{
    private readonly TestLedger _ledger;
    private readonly Guid _id = Guid.NewGuid();

    private HearingWorker(TestLedger ledger, string[] queues)
    {
        _ledger = ledger;
        Profile = new InstanceProfile { Role = "consumer", Slots = 10, Queues = queues };
        Listener = new ExpressListener(
            ledger.Services.GetRequiredService<LedgerConnections>(),
            ledger.Services.GetRequiredService<IOptions<LedgerOptions>>(),
            Profile,
            Copies,
            TimeProvider.System,
            NullLogger<ExpressListener>.Instance);
    }

    /// <summary>What came.</summary>
    public RecordingExpressReceiver Copies { get; } = new();

    public ExpressListener Listener { get; }

    public InstanceProfile Profile { get; }

    /// <summary>Begins to hear, and says so to the ledger's process.</summary>
    public static async Task<HearingWorker> StartAsync(TestLedger ledger, CancellationToken cancellationToken, params string[] queues)
    {
        var worker = new HearingWorker(ledger, queues.Length == 0 ? ["default"] : queues);
        await worker.Listener.StartAsync(cancellationToken);
        await worker.AnnounceAsync(cancellationToken);
        return worker;
    }

    /// <summary>What the heartbeat does, and what a submitting process reads of it.</summary>
    public async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        await Eventually.TrueAsync(() => Listener.IsConnected, cancellationToken: cancellationToken);
        await AnnounceAsync(Profile.Express!, cancellationToken);
    }

    /// <summary>The same, with any channel.</summary>
    public async Task AnnounceAsync(string channel, CancellationToken cancellationToken)
    {
        await _ledger.ExecuteAsync(
            "INSERT INTO messaging.workers (id, role, host, pid, version, slots, queues, kinds, express) "
            + $"VALUES ('{_id}', 'consumer', 'test', 1, '0', 10, '{{{string.Join(',', Profile.Queues)}}}', '{{debug.echo}}', '{channel}') "
            + "ON CONFLICT (id) DO UPDATE SET express = excluded.express");
        await _ledger.Services.GetRequiredService<ExpressRoutes>().ReadAsync(cancellationToken);
    }

    /// <summary>It lets every copy go: so that it gets the next one all the same.</summary>
    public void SayTaken() => _ledger.Services.GetRequiredService<ExpressRoutes>().Report(Profile.Express!, taken: true);

    public async ValueTask DisposeAsync()
    {
        await Listener.StopAsync(CancellationToken.None);
        Listener.Dispose();
    }
}
