namespace Messaging.Tests.Dev.Test;

/// <summary>A test that failed.</summary>
/// <param name="Name">Fixture and test.</param>
/// <param name="Message">What it said.</param>
public sealed record FailedTest(string Name, string Message);

/// <summary>What the tests of one project, or of all, came to.</summary>
/// <param name="Passed">Tests that passed.</param>
/// <param name="Failed">Tests that failed, in the order they ran.</param>
/// <param name="Skipped">Tests that did not run.</param>
/// <param name="Problems">What went wrong beside the tests: a crash, a project without tests.</param>
public sealed record TestOutcome(int Passed, IReadOnlyList<FailedTest> Failed, int Skipped, IReadOnlyList<string> Problems)
{
    /// <summary>Nothing has run.</summary>
    public static TestOutcome None { get; } = new(0, [], 0, []);

    /// <summary>The closing line.</summary>
    public string Summary => $"{Passed} passed, {Failed.Count} failed, {Skipped} skipped";

    /// <summary>0 only if something ran and nothing went wrong.</summary>
    public int ExitCode => Passed > 0 && Failed.Count == 0 && Problems.Count == 0 ? 0 : 1;

    /// <summary>Both together.</summary>
    public TestOutcome And(TestOutcome other)
        => new(Passed + other.Passed, [.. Failed, .. other.Failed], Skipped + other.Skipped, [.. Problems, .. other.Problems]);

    /// <summary>This, and one more problem.</summary>
    public TestOutcome With(string problem) => this with { Problems = [.. Problems, problem] };
}
