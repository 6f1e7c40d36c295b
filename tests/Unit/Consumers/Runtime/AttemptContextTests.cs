using Messaging.Consumers.Runtime;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Store.Progress;
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

        Assert.That(Take(context).Single().Progress.Percent, Is.EqualTo(kept));
    }

    [Test]
    public void Reports_are_written_in_order_once()
    {
        var context = Context();
        context.ReportProgress(1, "one");
        context.ReportProgress(2, "two");

        Assert.That(Take(context).Select(report => report.Progress.Message), Is.EqualTo(["one", "two"]));
        Assert.That(Take(context), Is.Empty);
    }

    private static IReadOnlyList<ProgressReport> Take(AttemptContext context) => context.Reports.Take(context.TaskId, default, ProgressReports.MostKept);

    private static AttemptContext Context()
    {
        var progress = new ProgressWriter(null!, TimeProvider.System, NullLogger<ProgressWriter>.Instance);
        var copy = new RunTask(Guid.NewGuid(), 0, "unit.any", default, TimeSpan.FromMinutes(1), 3, null);
        return new TaskExecution("default", copy, progress, TimeProvider.System).Context;
    }
}
