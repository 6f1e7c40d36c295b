using Messaging.Infrastructure.Scheduling;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Store;

/// <summary>A host whose clock is minutes wrong: every time that is stored, and every id, is Postgres's all the same.</summary>
[TestFixture(10)]
[TestFixture(-10)]
public sealed class WrongClockTests(int minutes)
{
    private TestLedger _ledger = null!;

    [SetUp]
    public async Task MakeLedger() =>
        _ledger = await TestLedger.CreateAsync(services => services.AddSingleton<TimeProvider>(new WrongClock(TimeSpan.FromMinutes(minutes))));

    [TearDown]
    public async Task DropLedger() => await _ledger.DisposeAsync();

    [Test]
    public async Task Ids_and_stored_times_go_by_the_ledgers_clock()
    {
        var id = (await _ledger.SubmitManyAsync(1)).Single();

        var behind = (double)(await _ledger.ScalarAsync($"SELECT abs(extract(epoch FROM now() - created_at))::double precision FROM messaging.tasks WHERE id = '{id}'"))!;
        var now = new DateTimeOffset((DateTime)(await _ledger.ScalarAsync("SELECT clock_timestamp()"))!, TimeSpan.Zero);
        Assert.That(behind, Is.LessThan(60));
        Assert.That((now - IdTime.Of(id)).Duration(), Is.LessThan(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public async Task A_delay_ends_by_the_ledgers_clock()
    {
        var soon = (await _ledger.SubmitManyAsync(1, delay: TimeSpan.FromMilliseconds(200))).Single();
        var later = (await _ledger.SubmitManyAsync(1, delay: TimeSpan.FromMinutes(5))).Single();
        var promoter = _ledger.Services.GetRequiredService<TaskPromoter>();

        await Eventually.TrueAsync(async token => await promoter.PromoteAsync(token) == 1);

        Assert.That(await _ledger.CountAsync($"open_tasks WHERE id = '{soon}' AND state = 2"), Is.EqualTo(1));
        Assert.That(await _ledger.CountAsync($"open_tasks WHERE id = '{later}' AND state = 0"), Is.EqualTo(1));
    }

    /// <summary>Time passes as it does; only what the clock shows is wrong.</summary>
    private sealed class WrongClock(TimeSpan error) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + error;
    }
}
