using Messaging.Infrastructure.Scheduling;
using Messaging.Tests.Integration.Store;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Scheduling;

public sealed class TaskPromoterTests : LedgerTest
{
    private TaskPromoter Promoter => Ledger.Services.GetRequiredService<TaskPromoter>();

    [Test]
    public async Task What_is_due_is_queued_once_with_its_outbox_row_and_the_rest_stays()
    {
        await Ledger.SubmitManyAsync(700, delay: TimeSpan.FromMinutes(1));
        await Ledger.SubmitManyAsync(5, delay: TimeSpan.FromMinutes(10));
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET due_at = due_at - interval '2 minutes'");

        var promoted = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Promoter.PromoteAsync(CancellationToken.None))));

        Assert.That(promoted.Sum(), Is.EqualTo(700));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2 AND due_at IS NULL"), Is.EqualTo(700));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 0"), Is.EqualTo(5));
        Assert.That(await Ledger.ScalarAsync("SELECT count(DISTINCT task) FROM messaging.outbox, unnest(task_ids) AS task"), Is.EqualTo(700));
    }

    [Test]
    public async Task The_loop_queues_a_task_at_its_time_and_not_before()
    {
        await Promoter.StartAsync(CancellationToken.None);
        await Ledger.SubmitManyAsync(1, delay: TimeSpan.FromSeconds(1.5));
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("open_tasks WHERE state = 2") == 1);
        var late = (decimal)(await Ledger.ScalarAsync(
            "SELECT extract(epoch FROM o.created_at - t.run_at) FROM messaging.outbox o JOIN messaging.tasks t ON t.id = o.task_ids[1]"))!;
        await Promoter.StopAsync(CancellationToken.None);

        Assert.That(late, Is.GreaterThanOrEqualTo(0m));
    }
}
