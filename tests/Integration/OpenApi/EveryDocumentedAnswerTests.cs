using System.Globalization;
using Messaging.Contracts.Http;
using Messaging.Tests.Support;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>
/// The other way round than <see cref="DocumentedAnswers"/>: what the document says an operation may answer, a test has had from it. Runs behind all others;
/// where only some tests were asked for, it can't tell.
/// </summary>
[NonParallelizable]
[Order(int.MaxValue)]
public sealed class EveryDocumentedAnswerTests
{
    // What stands in front of all operations answers for all of them: one is enough.
    private static readonly HashSet<string> InFront =
    [
        .. new[]
        {
            ProblemTypes.Unauthorized, ProblemTypes.InsufficientScope, ProblemTypes.CrossSite, ProblemTypes.RateLimited, ProblemTypes.LedgerUnavailable,
            ProblemTypes.NotAcceptable, ProblemTypes.TooLarge, ProblemTypes.UnsupportedMediaType, ProblemTypes.MalformedJson,
        }.Select(NameOf),
    ];

    [Test]
    public void Each_was_had()
    {
        var seen = SeenAnswers.All.ToHashSet();
        TestContext.Out.WriteLine($"{seen.Count} answers were had, {Documented().Count(seen.Contains)} of the {Documented().Count()} documented ones.");
        if (!WholeRun.Now)
            return; // those that have the others do not run
        var missing = Documented().Where(answer => !seen.Contains(answer) && !(answer.Problem is { } problem && InFront.Contains(problem)))
            .Select(answer => $"{answer.Route} {answer.Status} {answer.Problem}").ToList();
        missing.AddRange(InFront.Where(problem => seen.All(answer => answer.Problem != problem)).Select(problem => $"anywhere: {problem}"));

        Assert.That(missing, Is.Empty, string.Join('\n', missing));
    }

    private static IEnumerable<(string Route, int Status, string? Problem)> Documented()
    {
        foreach (var (route, operation) in ApiDocument.Committed.Operations)
        {
            foreach (var (key, node) in operation["responses"]!.AsObject().Where(response => response.Key != "default"))
            {
                var status = int.Parse(key, CultureInfo.InvariantCulture);
                var contents = ApiDocument.Committed.Follow(node!)["content"]?.AsObject();
                var problems = contents?[Problem.MediaType]?["examples"]?.AsObject().Select(example => example.Key).ToList() ?? [];
                // HEAD is answered by what answers GET, without the body: once is enough.
                if (route.StartsWith("HEAD", StringComparison.Ordinal) && status != 200)
                    continue;
                if (problems.Count == 0)
                    yield return (route, status, null);
                else
                    foreach (var problem in problems)
                        yield return (route, status, problem);
            }
        }
    }

    private static string NameOf(string type) => type["urn:messaging:problem:".Length..];
}
