using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Unit.Infrastructure;

/// <summary>How many messages the AMQP door takes at once.</summary>
public sealed class SubmitWindowTests
{
    private const int Full = 250;
    private const int Large = 1024 * 1024;

    [Test]
    public void It_begins_with_few_and_takes_many_when_they_turn_out_to_be_small()
    {
        var window = new SubmitWindow(Full);
        var before = (window.Current, window.Changed.IsCompleted);
        var changed = window.Changed;
        Take(window, SubmitWindow.Few, SubmitWindow.Small);

        Assert.That(before, Is.EqualTo((SubmitWindow.Few, false)));
        Assert.That((window.Current, changed.IsCompleted, window.Changed.IsCompleted), Is.EqualTo((Full, true, false)));
    }

    [Test]
    public void Large_messages_keep_it_at_few()
    {
        var window = new SubmitWindow(Full);
        for (var i = 0; i < 100; i++)
        {
            Take(window, SubmitWindow.Few - 1, 10);
            Take(window, 1, Large);
            window.Settled(Large);
        }

        Assert.That(window.Current, Is.EqualTo(SubmitWindow.Few));
    }

    [Test]
    public void Much_in_its_hands_brings_it_back_to_few_until_that_is_settled_and_small_ones_come_again()
    {
        var window = new SubmitWindow(Full);
        Take(window, SubmitWindow.Few, 0);
        Take(window, 33, Large);
        var full = window.Current;
        for (var i = 0; i < 33; i++)
            window.Settled(Large);
        var settled = window.Current;
        Take(window, SubmitWindow.Few, 0);

        Assert.That((full, settled, window.Current), Is.EqualTo((SubmitWindow.Few, SubmitWindow.Few, Full)));
    }

    [Test]
    public void Fewer_than_few_can_be_asked_for()
    {
        var window = new SubmitWindow(3);
        Take(window, 20, 0);
        Take(window, 40, Large);

        Assert.That((window.Current, window.Changed.IsCompleted), Is.EqualTo((3, false)));
    }

    private static void Take(SubmitWindow window, int messages, int bytes)
    {
        for (var i = 0; i < messages; i++)
            window.Taken(bytes);
    }
}
