using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Support;

namespace Messaging.Tests.Unit.Infrastructure.Store;

public sealed class SearchPaceTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(100);

    private readonly SteppedTime _time = new();

    [Test]
    public void A_fast_walk_takes_larger_chunks_up_to_a_bound_and_never_more_entries_than_allowed()
    {
        var pace = new SearchPace(_time, Budget, 30_000);
        var chunks = new List<int> { SearchPace.FirstChunk };
        while (!pace.IsOver)
        {
            _time.Step(TimeSpan.FromMilliseconds(0.1));
            chunks.Add(pace.Next(chunks[^1]));
        }

        Assert.That(chunks.SkipLast(1), Is.EqualTo(new[] { 1_000, 4_000, 16_000, 9_000 }));
    }

    [Test]
    public void A_slow_walk_takes_as_much_as_fits_into_the_rest_of_its_time()
    {
        var pace = new SearchPace(_time, Budget, 100_000);
        _time.Step(TimeSpan.FromMilliseconds(20));
        var second = pace.Next(1_000);
        _time.Step(TimeSpan.FromMilliseconds(75));
        var third = pace.Next(second);

        Assert.That(second, Is.EqualTo(4_000));
        Assert.That(third, Is.EqualTo(263), "5 ms at 5,000 entries in 95");
        Assert.That(pace.IsOver, Is.False);
        _time.Step(TimeSpan.FromMilliseconds(5));
        Assert.That(pace.IsOver, Is.True);
    }

    [Test]
    public void A_walk_that_must_see_all_may_take_larger_chunks()
    {
        var pace = new SearchPace(_time, Budget, 100_000, 100_000);
        _time.Step(TimeSpan.FromMilliseconds(0.1));
        Assert.That((pace.Next(16_000), pace.Next(64_000), pace.Next(20_000)), Is.EqualTo((64_000, 20_000, 1)));
    }

    [Test]
    public void A_chunk_has_a_smallest_size()
    {
        var pace = new SearchPace(_time, Budget, 100_000);
        _time.Step(TimeSpan.FromMilliseconds(99));
        Assert.That(pace.Next(1_000), Is.EqualTo(250));
    }
}
