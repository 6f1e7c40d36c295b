using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Tests.Integration.Outbox;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Integration.Express;

/// <summary>
/// A stranger's notification that never gets its commit done keeps ours from theirs. On a Postgres of its own, which waits for a replica that
/// is not there; our connections don't.
/// </summary>
[CancelAfter(120_000)]
public sealed class HeldNotificationTests
{
    [Test]
    public async Task A_copy_that_is_refused_at_its_commit_leaves_its_task_accepted_and_soon([Values] bool keyed, CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer(settings: new Dictionary<string, string>(PostgresSettings.Durable) { ["synchronous_standby_names"] = "nobody" });
        await postgres.StartAsync(cancellationToken);
        var ours = $"{postgres.ConnectionString};Options=-c synchronous_commit=local";
        await TestLedger.MigrateAsync(ours);
        var publisher = new RecordingPublisher();
        await using var ledger = await TestLedger.CreateOnAsync(ours, services =>
        {
            services.AddSingleton<ITaskPublisher>(publisher);
            services.AddOutboxRelay(new ConfigurationBuilder().Build());
        });
        var relay = ledger.Services.GetRequiredService<OutboxRelay>();
        await relay.StartAsync(cancellationToken);
        await using var worker = await HearingWorker.StartAsync(ledger, cancellationToken);

        await using var stranger = new NpgsqlConnection(postgres.ConnectionString);
        await stranger.OpenAsync(cancellationToken);
        await using var tell = new NpgsqlCommand("CREATE TABLE stranger (); SELECT pg_notify('strange', 'news')", stranger) { CommandTimeout = 0 };
        var held = tell.ExecuteNonQueryAsync(CancellationToken.None);
        try
        {
            await Eventually.TrueAsync(async _ => (long)(await ledger.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))! == 1, cancellationToken: cancellationToken);
            await SubmitAsync(ledger, publisher, worker, keyed, cancellationToken);
            Assert.That(held.IsCompleted, Is.False);
        }
        finally
        {
            await ledger.ExecuteAsync("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        }

        await held;
        await relay.StopAsync(cancellationToken);
    }

    private static async Task SubmitAsync(TestLedger ledger, RecordingPublisher publisher, HearingWorker worker, bool keyed, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 3; i++)
        {
            worker.SayTaken();
            var task = ledger.NewTask() with { IdempotencyKey = keyed ? new IdempotencyKey("me", $"k{i}", Guid.NewGuid()) : null };
            Assert.That(await ledger.Submit.SubmitAsync(task, cancellationToken), Is.EqualTo(new SubmitAnswer(SubmitOutcome.Accepted, task.Id)));
            await Eventually.TrueAsync(() => publisher.TaskIds.Contains(task.Id), cancellationToken: cancellationToken);
        }

        Assert.That(worker.Copies.Count, Is.Zero, "all were refused");
        Assert.That(await ledger.CountAsync("tasks"), Is.EqualTo(3));
    }
}
