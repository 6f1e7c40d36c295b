using Messaging.Consumers.Runtime;
using Messaging.Contracts.Messages;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class AttemptContextTests
{
    [TestCase(-1, 0)]
    [TestCase(double.NaN, 0)]
    [TestCase(12.5, 12.5)]
    [TestCase(101, 100)]
    [TestCase(double.PositiveInfinity, 100)]
    public void A_percentage_out_of_bounds_is_moved_to_the_nearer_end(double reported, double kept)
    {
        var context = Context();

        context.ReportProgress(reported);

        Assert.That(context.TakeProgress()!.Percent, Is.EqualTo(kept));
    }

    [Test]
    public void Of_several_reports_the_latest_is_written_once()
    {
        var context = Context();
        context.ReportProgress(1, "one");
        context.ReportProgress(2, "two");

        var first = context.TakeProgress();

        Assert.That((first!.Percent, first.Message), Is.EqualTo((2, "two")));
        Assert.That(context.TakeProgress(), Is.Null);
    }

    private static AttemptContext Context()
    {
        var progress = new ProgressWriter(null!, TimeProvider.System, NullLogger<ProgressWriter>.Instance);
        var copy = new RunTask(Guid.NewGuid(), 0, "unit.any", default, TimeSpan.FromMinutes(1), 3, null);
        return new TaskExecution("default", copy, progress, TimeProvider.System).Context;
    }
}
