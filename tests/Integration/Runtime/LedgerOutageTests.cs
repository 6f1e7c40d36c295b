using Messaging.Consumers.Runtime;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>These stop Postgres, so they have one of their own. In order, not by a crash: a crash may lose claims, which is another story.</summary>
[CancelAfter(120_000)]
public sealed class LedgerOutageTests
{
    [Test]
    public async Task A_result_outlives_an_outage_of_the_ledger(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        await using var worker = await WorkerHarness.StartOnAsync(postgres.ConnectionString, cancellationToken);
        var running = await worker.SubmitAsync(new Gated(), cancellationToken);
        var unclaimed = await worker.SubmitAsync(new Say("claimed later"), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, running);
        await worker.Probe.NextStartAsync(cancellationToken);

        await postgres.StopAsync(StopMode.Graceful, cancellationToken);
        worker.Probe.Gate.SetResult();
        var laterAcknowledged = worker.DeliverAsync(cancellationToken, unclaimed);
        await postgres.StartAsync(cancellationToken);
        await Task.WhenAll(acknowledged, laterAcknowledged);

        Assert.That((await worker.OutcomeAsync(running.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        Assert.That((await worker.OutcomeAsync(unclaimed.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        Assert.That(worker.Probe.Runs[running.Id], Is.EqualTo(1));
        Assert.That(worker.Probe.Runs[unclaimed.Id], Is.EqualTo(1));
    }

    [Test]
    public async Task An_outage_longer_than_any_write_waits_is_waited_out_and_charged_to_no_task(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        await using var worker = await WorkerHarness.StartOnAsync(postgres.ConnectionString, cancellationToken, ("Messaging:MaxWait", "00:00:00.3"));
        var running = await worker.SubmitAsync(new Gated(), cancellationToken);
        var unclaimed = await worker.SubmitAsync(new Say("claimed later"), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, running);
        await worker.Probe.NextStartAsync(cancellationToken);

        await postgres.StopAsync(StopMode.Graceful, cancellationToken);
        worker.Probe.Gate.SetResult();
        var laterAcknowledged = worker.DeliverAsync(cancellationToken, unclaimed);
        var pulse = worker.Services.GetRequiredService<LedgerPulse>();
        await Eventually.GetAsync(() => pulse.Failures, failures => failures >= 6, cancellationToken: cancellationToken);
        await postgres.StartAsync(cancellationToken);
        await Task.WhenAll(acknowledged, laterAcknowledged);

        Assert.That((await worker.OutcomeAsync(running.Id, cancellationToken))!.Attempt, Is.EqualTo(1));
        Assert.That((await worker.OutcomeAsync(unclaimed.Id, cancellationToken))!.Attempt, Is.EqualTo(1));
        Assert.That(await worker.AttemptsAsync(running.Id, cancellationToken), Is.Empty);
    }
}
