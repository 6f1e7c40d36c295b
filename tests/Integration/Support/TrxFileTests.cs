using System.Globalization;
using Messaging.Tests.Dev.Test;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Integration.Support;

public sealed class TrxFileTests
{
    [Test]
    public void Sums_single_results_and_names_what_failed()
    {
        var outcome = Read(["Passed", "Failed", "Passed", "NotExecuted"], exitCode: 1);
        Assert.That(outcome.Summary, Is.EqualTo("2 passed, 1 failed, 1 skipped"));
        Assert.That(outcome.Failed, Is.EqualTo(new[] { new FailedTest("Some.Fixture.Test_1", "Expected: 1") }));
        Assert.That(outcome.Problems, Is.Empty);
        Assert.That(outcome.ExitCode, Is.Not.Zero);
    }

    [Test]
    public void All_passed_is_a_success()
        => Assert.That(Read(["Passed", "Passed"], exitCode: 0).ExitCode, Is.Zero);

    [Test]
    public void A_crash_after_tests_that_passed_is_a_failure()
    {
        var outcome = Read(["Passed"], exitCode: 1);
        Assert.That(outcome.Problems, Has.One.Contains("crash"));
        Assert.That(outcome.ExitCode, Is.Not.Zero);
    }

    [Test]
    public void A_test_without_an_outcome_counts_as_failed()
        => Assert.That(Read(["Passed", "Aborted"], exitCode: 1).Summary, Is.EqualTo("1 passed, 1 failed, 0 skipped"));

    [Test]
    public void Results_that_break_off_are_a_failure()
    {
        var outcome = ReadText("<TestRun><Results>", exitCode: 1);
        Assert.That(outcome.Problems, Has.One.Contains("not complete"));
        Assert.That(outcome.ExitCode, Is.Not.Zero);
    }

    [Test]
    public void A_run_of_nothing_is_a_failure_and_with_a_filter_one_project_may_have_none()
    {
        var empty = TrxFile.Read("Unit", "/nowhere.trx", exitCode: 0, filtered: false);
        Assert.That(empty.Problems, Has.One.EqualTo("Unit: no test ran."));
        Assert.That(empty.ExitCode, Is.Not.Zero);

        var filtered = TrxFile.Read("Unit", "/nowhere.trx", exitCode: 0, filtered: true);
        Assert.That(filtered.Problems, Is.Empty);
        Assert.That(filtered.ExitCode, Is.Not.Zero, "as long as no other project has one");
        Assert.That(filtered.And(Read(["Passed"], exitCode: 0)).ExitCode, Is.Zero);
    }

    private static TestOutcome Read(string[] outcomes, int exitCode)
    {
        var results = outcomes.Select((outcome, number) => string.Create(
            CultureInfo.InvariantCulture,
            $"""
            <UnitTestResult testId="{number}" testName="Test_{number}" outcome="{outcome}">
              <Output><ErrorInfo><Message> Expected: 1 </Message></ErrorInfo></Output>
            </UnitTestResult>
            """));
        var definitions = outcomes.Select((_, number) => string.Create(
            CultureInfo.InvariantCulture,
            $"""<UnitTest id="{number}"><TestMethod className="Some.Fixture" name="Test_{number}" /></UnitTest>"""));
        return ReadText(
            $"""
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <Results>{string.Concat(results)}</Results>
              <TestDefinitions>{string.Concat(definitions)}</TestDefinitions>
            </TestRun>
            """,
            exitCode);
    }

    private static TestOutcome ReadText(string text, int exitCode)
    {
        var folder = DataFolder.Temporary("trx");
        try
        {
            var path = folder.Combine("results.trx");
            File.WriteAllText(path, text);
            return TrxFile.Read("Unit", path, exitCode, filtered: false);
        }
        finally
        {
            folder.Release();
        }
    }
}
