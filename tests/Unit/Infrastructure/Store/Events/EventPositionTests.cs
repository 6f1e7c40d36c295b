using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Events;
using Messaging.Infrastructure.Store.Events;

namespace Messaging.Tests.Unit.Infrastructure.Store.Events;

public sealed class EventPositionTests
{
    [Test]
    public void A_position_reads_back_what_it_writes()
    {
        var position = EventPosition.Of(TaskState.Running, new DateTimeOffset(2026, 11, 26, 1, 2, 3, 456, TimeSpan.Zero).AddTicks(7));

        Assert.That(position.ToString(), Is.EqualTo("1795654923456000-3"));
        Assert.That(EventPosition.TryParse(position.ToString(), out var read), Is.True);
        Assert.That(read, Is.EqualTo(position));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("1")]
    [TestCase("1-")]
    [TestCase("1-9")]
    [TestCase("1-10")]
    [TestCase("-1-1")]
    [TestCase("+1-1")]
    [TestCase("1-1-1")]
    [TestCase("99999999999999999999-1")]
    [TestCase("1-1@5")]
    public void What_is_no_position_is_not_read(string? text) => Assert.That(EventPosition.TryParse(text, out _), Is.False);

    [Test]
    public void Of_several_at_one_time_the_further_state_is_the_later()
    {
        Assert.That(new EventPosition(5, 2), Is.LessThan(new EventPosition(5, 3)));
        Assert.That(new EventPosition(4, EventPosition.Progress), Is.LessThan(new EventPosition(5, 0)));
    }

    [Test]
    public void A_wide_cursor_stands_behind_the_position_or_alone()
    {
        var cursor = new WideCursor(DateTimeOffset.FromUnixTimeMilliseconds(1234));

        Assert.That(cursor.IdOf(null), Is.EqualTo("@1234"));
        Assert.That(WideCursor.TryParse("@1234", out var alone), Is.True);
        Assert.That(WideCursor.TryParse("5-3@1234", out var behind), Is.True);
        Assert.That((alone, behind), Is.EqualTo((cursor, cursor)));
    }

    [TestCase(null)]
    [TestCase("1234")]
    [TestCase("5-3")]
    [TestCase("x@1234")]
    [TestCase("5-3@")]
    [TestCase("5-3@-1")]
    [TestCase("5-3@99999999999999999")]
    public void What_is_no_cursor_is_not_read(string? text) => Assert.That(WideCursor.TryParse(text, out _), Is.False);
}
