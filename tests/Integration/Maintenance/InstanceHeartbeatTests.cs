using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Integration.Store;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

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

    [Test]
    public async Task Nothing_that_goes_wrong_with_a_beat_ends_the_beating()
    {
        var heartbeat = Ledger.Services.GetRequiredService<InstanceHeartbeat>();
        var id = Ledger.Services.GetRequiredService<InstanceIdentity>().Id;
        var options = Ledger.Services.GetRequiredService<IOptions<LedgerOptions>>().Value;
        await heartbeat.StartAsync(CancellationToken.None);
        var (postgres, last) = (options.Postgres, heartbeat.LastBeat);

        // An error that is none of the database's, when it connects anew.
        options.Postgres = "nonsense";
        await Ledger.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'messaging-heartbeat' AND datname = current_database()");
        await Eventually.GetAsync(
            _ => Ledger.CountAsync("workers WHERE now() - beat_at > interval '3 seconds'"), silent => silent == 1, TimeSpan.FromSeconds(20));
        options.Postgres = postgres;

        await Eventually.TrueAsync(() => heartbeat.LastBeat > last, TimeSpan.FromSeconds(20));
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync($"workers WHERE id = '{id}' AND now() - beat_at < interval '2 seconds'") == 1);
        await heartbeat.StopAsync(CancellationToken.None);
    }
}
