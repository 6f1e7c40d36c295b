using Messaging.Infrastructure.Maintenance;
using Messaging.Tests.Integration.Store;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Maintenance;

public sealed class PartitionKeeperTests : LedgerTest
{
    [Test]
    public async Task It_makes_what_is_missing_once_however_many_ask()
    {
        await Ledger.ExecuteAsync("DO $$ BEGIN EXECUTE 'DROP TABLE messaging.tasks_' || to_char((now() AT TIME ZONE 'UTC')::date + 7, 'YYYYMMDD'); END $$");
        var keeper = Ledger.Services.GetRequiredService<PartitionKeeper>();

        var made = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => keeper.EnsureAsync(CancellationToken.None))));

        Assert.That(made.Sum(), Is.EqualTo(1));
        Assert.That(await keeper.EnsureAsync(CancellationToken.None), Is.Zero);
    }

    [Test]
    public async Task A_task_of_a_week_ahead_finds_its_partition()
    {
        var inAWeek = Ledger.NewTask() with { Id = Guid.CreateVersion7(Ledger.Clock.Now.AddDays(6)) };
        await Ledger.Submit.SubmitAsync(inAWeek, CancellationToken.None);
        Assert.That(await Ledger.CountAsync("tasks"), Is.EqualTo(1));
    }
}
