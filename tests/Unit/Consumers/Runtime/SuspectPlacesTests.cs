using Messaging.Consumers.Runtime;

namespace Messaging.Tests.Unit.Consumers.Runtime;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SuspectPlacesTests
{
    private readonly SuspectPlaces _places = new(new WorkerOptions(), TimeProvider.System);

    [Test]
    public void The_first_suspect_runs_with_no_other()
    {
        Assert.That(_places.TryTake(1), Is.Not.Null);
        Assert.That(_places.TryTake(1), Is.Null);
        Assert.That(_places.Taken, Is.EqualTo(1));
    }

    [Test]
    public void With_each_group_that_survives_the_next_is_twice_as_large_up_to_32()
    {
        var sizes = new List<int>();
        for (var round = 0; round < 7; round++)
        {
            var group = TakeAll(losses: 1);
            sizes.Add(group.Count);
            group.ForEach(place => place.Release(survived: true));
        }

        Assert.That(sizes, Is.EqualTo(new[] { 1, 2, 4, 8, 16, 32, 32 }));
    }

    [Test]
    public void What_did_not_run_proves_nothing()
    {
        _places.TryTake(1)!.Release(survived: false);
        Assert.That(TakeAll(losses: 1), Has.Count.EqualTo(1));
    }

    [Test]
    public void What_was_lost_more_than_once_is_always_the_only_one()
    {
        _places.TryTake(1)!.Release(survived: true);
        var group = _places.TryTake(1)!;
        Assert.That(_places.TryTake(2), Is.Null, "another runs");
        group.Release(survived: true);

        var alone = _places.TryTake(2)!;
        Assert.That(_places.TryTake(1), Is.Null, "it wants no other beside it");
        alone.Release(survived: true);
        Assert.That(_places.TryTake(1), Is.Not.Null);
    }

    [Test]
    public void A_place_is_given_back_once()
    {
        var place = _places.TryTake(1)!;
        place.Release(survived: false);
        place.Release(survived: false);
        Assert.That(_places.Taken, Is.Zero);
        Assert.That(place.GivenBack.IsCancellationRequested, Is.True);
    }

    [Test]
    public async Task Who_waits_gets_the_place_as_soon_as_it_is_free_and_before_others()
    {
        var first = _places.TryTake(1)!;
        var waits = _places.TakeAsync(2, CancellationToken.None, CancellationToken.None).AsTask();
        Assert.That(await _places.TakeAsync(1, CancellationToken.None, CancellationToken.None), Is.Null, "one waits already");
        first.Release(survived: true);
        Assert.That(await waits.WaitAsync(TimeSpan.FromSeconds(5)), Is.Not.Null);
        Assert.That(_places.TryTake(1), Is.Null);
    }

    [Test]
    public async Task Nobody_waits_for_ever_and_least_of_all_in_a_draining_worker()
    {
        _ = _places.TryTake(1);
        using var draining = new CancellationTokenSource();
        var waits = _places.TakeAsync(1, draining.Token, CancellationToken.None).AsTask();
        await draining.CancelAsync();
        Assert.That(await waits.WaitAsync(TimeSpan.FromSeconds(5)), Is.Null);
        Assert.That(await _places.TakeAsync(1, CancellationToken.None, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(5)), Is.Null);
    }

    [Test]
    public void The_more_are_put_off_the_longer_each_is()
    {
        Assert.That(_places.NextDelay(), Is.InRange(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.1)));
        var delays = Enumerable.Range(0, 5_000).Select(_ => _places.NextDelay()).ToArray();
        Assert.That(delays[^1], Is.InRange(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10)));
    }

    [TestCase(1, 2)]
    [TestCase(2, 8)]
    [TestCase(3, 32)]
    public void A_suspect_is_watched_for_longer_with_each_loss(int losses, int seconds) =>
        Assert.That(SuspectProbation.Of(losses), Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    private List<SuspectPlace> TakeAll(int losses)
    {
        var taken = new List<SuspectPlace>();
        while (_places.TryTake(losses) is { } place)
            taken.Add(place);
        return taken;
    }
}
