using Messaging.Consumers.Runtime;
using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class ProgressReportsTests
{
    private static readonly DateTimeOffset Claimed = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ProgressReports _reports = new();

    [Test]
    public void An_attempt_is_put_in_line_once_and_again_after_it_was_taken()
    {
        Assert.That((Report(1), Report(2)), Is.EqualTo((true, false)));
        Assert.That(Take(), Is.EqualTo([(1, 1.0), (2, 2.0)]));
        Assert.That(_reports.Written(), Is.False);

        Assert.That(Report(3), Is.True);
    }

    [Test]
    public void What_is_more_than_can_be_kept_or_taken_loses_its_oldest_and_the_numbers_have_no_gap()
    {
        for (var percent = 1; percent <= ProgressReports.MostKept + 5; percent++)
            Report(percent);

        Assert.That(Take(3), Is.EqualTo([(1, 23.0), (2, 24.0), (3, 25.0)]));
        _reports.Written();
        Report(26);
        Assert.That(Take(), Is.EqualTo([(4, 26.0)]));
    }

    [Test]
    public void While_reports_are_being_written_no_others_are_handed_out_and_afterwards_they_come_in_line()
    {
        Report(1);
        Take();

        Assert.That(Report(2), Is.False, "its turn comes when the first is written");
        Assert.That(Take(), Is.Empty, "a second writer could be quicker than the first");
        Assert.That(_reports.Written(), Is.True);
        Assert.That(Take(), Is.EqualTo([(2, 2.0)]));
    }

    [Test]
    public void Closing_waits_for_what_was_reported_and_nothing_comes_afterwards()
    {
        Report(1);
        Take();
        Report(2);

        var written = _reports.Close()!;
        Assert.That(Report(3), Is.False);
        _reports.Written();
        Assert.That(written.IsCompleted, Is.False, "the second is still to be written");
        Assert.That(Take(), Is.EqualTo([(2, 2.0)]));
        _reports.Written();

        Assert.That(written.IsCompletedSuccessfully, Is.True);
        Assert.That(_reports.Close(), Is.Null);
    }

    [Test]
    public void Without_reports_nobody_waits() => Assert.That(_reports.Close(), Is.Null);

    private bool Report(double percent) => _reports.Add(new TaskProgress(percent, null));

    private (int, double)[] Take(int most = ProgressReports.MostKept) =>
        _reports.Take(Guid.Empty, Claimed, most).Select(report => (report.Number, report.Progress.Percent)).ToArray();
}
