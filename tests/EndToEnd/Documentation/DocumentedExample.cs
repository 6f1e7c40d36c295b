using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>A fenced block of the documentation that is to be run, and what the text says that it answers.</summary>
/// <param name="Line">Its first line in the file.</param>
/// <param name="Language"><c>bash</c>, <c>python</c> or <c>sql</c>.</param>
/// <param name="Code">What is run.</param>
/// <param name="IsRefused">Whether it shows a refusal: marked with <c>&lt;!-- refused --&gt;</c>.</param>
/// <param name="Answer">The block behind it that is marked with <c>&lt;!-- answer --&gt;</c>; null: none.</param>
internal sealed partial record DocumentedExample(int Line, string Language, string Code, bool IsRefused, string? Answer)
{
    /// <summary>Why a block is not run, above it: <c>&lt;!-- not run: why --&gt;</c>.</summary>
    private const string NotRun = "<!-- not run: ";

    private const string AnswerMark = "<!-- answer -->";
    private const string RefusedMark = "<!-- refused -->";

    private static readonly string[] Runnable = ["bash", "python", "sql"];

    /// <summary>All of a file, in order. Every block of bash, Python and SQL is one, unless it says why not.</summary>
    /// <param name="path">From the repository's root.</param>
    public static IReadOnlyList<DocumentedExample> Of(string path)
    {
        var text = File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, path));
        var examples = new List<DocumentedExample>();
        foreach (Match fence in Fence().Matches(text))
        {
            var (mark, language, code) = (fence.Groups["mark"].Value, fence.Groups["language"].Value, fence.Groups["code"].Value);
            if (mark == AnswerMark)
                examples[^1] = examples[^1] with { Answer = code };
            else if (Runnable.Contains(language) && !mark.StartsWith(NotRun, StringComparison.Ordinal))
                examples.Add(new DocumentedExample(text[..fence.Index].Count(c => c == '\n') + 1, language, code, mark == RefusedMark, null));
        }

        return examples;
    }

    /// <summary>The blocks of another language that a test of its own runs, in order.</summary>
    /// <param name="path">From the repository's root.</param>
    /// <param name="language">As it stands behind the fence.</param>
    public static IReadOnlyList<string> CodeOf(string path, string language) =>
        [.. Fence().Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, path))).Where(fence => fence.Groups["language"].Value == language).Select(fence => fence.Groups["code"].Value)];

    // A comment that stands right above a block belongs to it.
    [GeneratedRegex(@"(?:^(?<mark><!-- [^\n]*? -->)\n+)?^```(?<language>[a-z]*)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();
}
