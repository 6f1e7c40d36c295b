using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Integration.Store;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Maintenance;

public sealed class InstanceHeartbeatTests : LedgerTest
{
    [Test]
    public async Task It_registers_beats_and_leaves_nothing_behind()
    {
        var heartbeat = Ledger.Services.GetRequiredService<InstanceHeartbeat>();
        var identity = Ledger.Services.GetRequiredService<InstanceIdentity>();
        await heartbeat.StartAsync(CancellationToken.None);
        await Ledger.ExecuteAsync($"INSERT INTO messaging.outbox (id, owner, queue, task_ids) VALUES (gen_random_uuid(), '{identity.Id}', 'default', '{{}}')");
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync($"workers WHERE id = '{identity.Id}' AND beat >= 2") == 1);
        await heartbeat.StopAsync(CancellationToken.None);

        Assert.That(await Ledger.CountAsync("workers"), Is.Zero);
        Assert.That(await Ledger.CountAsync("outbox WHERE owner IS NULL"), Is.EqualTo(1));
    }

    [Test]
    public async Task Declared_dead_it_says_so_and_goes_on_under_a_new_identity()
    {
        var heartbeat = Ledger.Services.GetRequiredService<InstanceHeartbeat>();
        var identity = Ledger.Services.GetRequiredService<InstanceIdentity>();
        var told = new TaskCompletionSource<Guid>(TaskCreationOptions.RunContinuationsAsynchronously);
        heartbeat.DeclaredDead += told.SetResult;
        var first = identity.Id;
        await heartbeat.StartAsync(CancellationToken.None);
        await Ledger.ExecuteAsync("DELETE FROM messaging.workers");

        Assert.That(await told.Task.WaitAsync(TimeSpan.FromSeconds(10)), Is.EqualTo(first));
        Assert.That(identity.Id, Is.Not.EqualTo(first));
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync($"workers WHERE id = '{identity.Id}' AND beat >= 1") == 1);
        await heartbeat.StopAsync(CancellationToken.None);
    }
}
