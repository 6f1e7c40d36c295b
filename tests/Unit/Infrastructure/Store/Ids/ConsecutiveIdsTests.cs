using Messaging.Infrastructure.Store.Ids;

namespace Messaging.Tests.Unit.Infrastructure.Store.Ids;

/// <summary>RFC 9562, sections 5.7 and 6.2 (method 2).</summary>
public sealed class ConsecutiveIdsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, 123, TimeSpan.Zero);

    private readonly ConsecutiveIds _ids = new();

    [Test]
    public void An_id_is_a_uuid_of_version_7_that_carries_its_time()
    {
        var text = _ids.Next(Noon).ToString("N");

        Assert.That(Convert.ToInt64(text[..12], 16), Is.EqualTo(Noon.ToUnixTimeMilliseconds()));
        Assert.That(text[12], Is.EqualTo('7'));
        Assert.That(text[16], Is.EqualTo('8').Or.EqualTo('9'), "the RFC's variant, and the bit below it free for counting");
    }

    [Test]
    public void Those_of_a_millisecond_follow_each_other_by_one()
    {
        var ids = Enumerable.Range(0, 1_000).Select(i => ConsecutiveIds.ToNumber(_ids.Next(Noon.AddTicks(i)))).ToArray();

        Assert.That(ids.Zip(ids.Skip(1), (one, next) => next - one), Is.All.EqualTo(UInt128.One));
    }

    [Test]
    public void Another_millisecond_begins_elsewhere_a_past_one_too()
    {
        var first = _ids.Next(Noon);
        var next = _ids.Next(Noon.AddMilliseconds(1));
        var past = _ids.Next(Noon);

        // What follows the time is random: that two are equal would come once in 2^73 times.
        Assert.That(next.ToString("N")[12..], Is.Not.EqualTo(first.ToString("N")[12..]));
        Assert.That(ConsecutiveIds.ToNumber(past) - ConsecutiveIds.ToNumber(first), Is.Not.EqualTo(UInt128.One));
        Assert.That(past.ToString("N")[..12], Is.EqualTo(first.ToString("N")[..12]));
    }

    [Test]
    public void Two_makers_do_not_meet()
    {
        var other = new ConsecutiveIds();
        var ids = Enumerable.Range(0, 1_000).SelectMany(_ => new[] { _ids.Next(Noon), other.Next(Noon) });

        Assert.That(ids, Is.Unique);
    }

    [Test]
    public async Task Several_threads_get_different_ones_and_leave_none_out()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 5_000).Select(_ => _ids.Next(Noon)).ToArray())));
        var numbers = made.SelectMany(ids => ids).Select(ConsecutiveIds.ToNumber).Order().ToArray();

        Assert.That(numbers, Is.Unique);
        Assert.That(numbers[^1] - numbers[0], Is.EqualTo((UInt128)19_999));
    }
}
