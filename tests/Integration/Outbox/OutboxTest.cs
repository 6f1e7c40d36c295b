using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Outbox;

/// <summary>A fixture with a ledger and a relay of its own for each test; the broker is a recording.</summary>
[CancelAfter(60_000)]
public abstract class OutboxTest
{
    internal RecordingPublisher Publisher { get; } = new();

    protected TestLedger Ledger { get; private set; } = null!;

    protected OutboxRelay Relay => Ledger.Services.GetRequiredService<OutboxRelay>();

    protected OutboxSweeper Sweeper => Ledger.Services.GetRequiredService<OutboxSweeper>();

    protected Guid Self => Ledger.Services.GetRequiredService<InstanceIdentity>().Id;

    /// <summary>Bounds of the relay.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    [SetUp]
    public async Task MakeRelay()
    {
        Ledger = await TestLedger.CreateAsync(services =>
        {
            services.AddSingleton<ITaskPublisher>(Publisher);
            services.AddOutboxRelay(new ConfigurationBuilder().AddInMemoryCollection(Settings).Build());
        });
        await Relay.StartAsync(CancellationToken.None);
    }

    [TearDown]
    public async Task StopRelay()
    {
        Publisher.Open();
        await Relay.StopAsync(CancellationToken.None);
        await Ledger.DisposeAsync();
    }

    /// <summary>Submits tasks past the relay, and makes their outbox rows somebody's.</summary>
    protected async Task<Guid[]> SubmitOwnedByAsync(Guid? owner, int count, string queue = "default")
    {
        using var full = FillRelay();
        var ids = await Ledger.SubmitManyAsync(count, queue);
        if (owner is not null)
            await Ledger.ExecuteAsync($"UPDATE messaging.outbox SET owner = '{owner}' WHERE owner IS NULL");
        return ids;
    }

    /// <summary>Takes all the room there is, until disposed.</summary>
    protected IDisposable FillRelay()
    {
        var reservations = new List<IRelayReservation>();
        for (var (queue, size) = (0, 1 << 16); size > 0; size /= 2)
        {
            while (Relay.TryReserve($"filler-{queue++}", size) is { } reservation)
                reservations.Add(reservation);
        }

        return new Reservations(reservations);
    }

    /// <summary>Makes a row that stands for tasks which exist nowhere else.</summary>
    protected async Task<OutboxBatch> InsertRowAsync(int tasks, Guid? owner, string queue = "default")
    {
        var batch = new OutboxBatch(
            Ledger.Clock.NewId(),
            queue,
            [.. Enumerable.Range(0, tasks).Select(_ => new RunTask(Ledger.Clock.NewTaskId(), 0, "debug.echo", "{}"u8.ToArray(), TimeSpan.FromSeconds(1), 1, null))]);
        await Ledger.ExecuteAsync(
            $"INSERT INTO messaging.outbox (id, owner, queue, task_ids) VALUES ('{batch.Id}', {(owner is null ? "NULL" : $"'{owner}'")}, '{queue}', "
            + $"ARRAY[{string.Join(',', batch.Tasks.Select(t => $"'{t.Id}'"))}]::uuid[])");
        return batch;
    }

    private sealed class Reservations(List<IRelayReservation> reservations) : IDisposable
    {
        public void Dispose() => reservations.ForEach(r => r.Dispose());
    }
}
