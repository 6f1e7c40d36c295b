using System.Xml;
using System.Xml.Linq;

namespace Messaging.Tests.Dev.Test;

/// <summary>Reads the results that the test runner recorded (TRX). The numbers come from the single results, not from its summary.</summary>
public static class TrxFile
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Reads one project's results.</summary>
    /// <param name="project">The project's name, for messages.</param>
    /// <param name="path">The file; it need not exist.</param>
    /// <param name="exitCode">How the runner ended.</param>
    /// <param name="filtered">Whether a filter was given, so that a project without tests is no surprise.</param>
    public static TestOutcome Read(string project, string path, int exitCode, bool filtered)
    {
        var outcome = ReadResults(project, path);
        // A runner that found fault without a failed test lost its host, or a one-time tear-down failed.
        if (exitCode != 0 && outcome is { Failed.Count: 0, Problems.Count: 0 })
            outcome = outcome.With($"{project}: the test run ended with exit code {exitCode} although no test failed (did the test host crash?).");
        if (!filtered && outcome is { Passed: 0, Failed.Count: 0, Problems.Count: 0 })
            outcome = outcome.With($"{project}: no test ran.");
        return outcome;
    }

    private static TestOutcome ReadResults(string project, string path)
    {
        if (!File.Exists(path))
            return TestOutcome.None;
        XElement run;
        try
        {
            run = XElement.Load(path);
        }
        catch (XmlException broken)
        {
            return TestOutcome.None.With($"{project}: the results in {path} are not complete ({broken.Message}).");
        }

        var classes = run.Descendants(Trx + "UnitTest")
            .ToDictionary(test => (string)test.Attribute("id")!, test => (string?)test.Element(Trx + "TestMethod")?.Attribute("className"));
        var results = run.Descendants(Trx + "UnitTestResult").ToLookup(result => (string?)result.Attribute("outcome") switch
        {
            "Passed" => 'p',
            "NotExecuted" or "Inconclusive" or "NotRunnable" => 's',
            // Failed, Error, Timeout, Aborted, and none at all: the host died in it.
            _ => 'f',
        });
        return new TestOutcome(results['p'].Count(), [.. results['f'].Select(result => Failure(result, classes))], results['s'].Count(), []);
    }

    private static FailedTest Failure(XElement result, Dictionary<string, string?> classes)
    {
        var name = (string?)result.Attribute("testName") ?? "?";
        var fixture = (string?)result.Attribute("testId") is { } id ? classes.GetValueOrDefault(id) : null;
        var message = (string?)result.Descendants(Trx + "Message").FirstOrDefault();
        return new FailedTest(fixture is null ? name : $"{fixture}.{name}", message?.Trim() ?? $"outcome {(string?)result.Attribute("outcome") ?? "unknown"}");
    }
}
