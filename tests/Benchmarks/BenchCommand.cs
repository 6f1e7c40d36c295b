using System.Globalization;
using Messaging.Tests.Benchmarks.Cases;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks;

/// <summary>The command line: <c>bench [name] [--quick] [--repeats N] [--tasks N] [--only TEXT] [--out FOLDER] [--save-baseline]</c>.</summary>
/// <param name="Cases">What to run, in order.</param>
/// <param name="Settings">How.</param>
internal sealed record BenchCommand(IReadOnlyList<IBenchCase> Cases, BenchSettings Settings)
{
    /// <summary>Reads the arguments; null with a sentence in <paramref name="wrong"/> if they say nothing known.</summary>
    public static BenchCommand? Parse(IReadOnlyList<string> arguments, IReadOnlyList<IBenchCase> known, out string wrong)
    {
        var cases = known;
        var settings = new BenchSettings { OutputFolder = Path.Combine(BuiltOutput.RepositoryRoot, ".data", "bench") };
        int? repeats = null, tasks = null;
        wrong = "";
        for (var i = 0; i < arguments.Count && wrong.Length == 0; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    settings = settings with { Quick = true };
                    break;
                case "--save-baseline":
                    settings = settings with { SaveBaseline = true };
                    break;
                case "--repeats":
                    repeats = Number(arguments, ref i, ref wrong);
                    break;
                case "--tasks":
                    tasks = Number(arguments, ref i, ref wrong);
                    break;
                case "--only":
                    settings = settings with { Only = Value(arguments, ref i, ref wrong) };
                    break;
                case "--out":
                    settings = settings with { OutputFolder = Path.GetFullPath(Value(arguments, ref i, ref wrong)) };
                    break;
                case var name when known.FirstOrDefault(c => c.Name == name) is { } found:
                    cases = [found];
                    break;
                default:
                    wrong = $"There is no case or option '{arguments[i]}'.";
                    break;
            }
        }

        return wrong.Length > 0 ? null : new BenchCommand(cases, settings with { Repeats = repeats, Tasks = tasks });
    }

    /// <summary>What can be asked for.</summary>
    public static string Usage(IEnumerable<IBenchCase> known) =>
        $"""
        bench [name] [--quick] [--repeats N] [--tasks N] [--only TEXT] [--out FOLDER] [--save-baseline]
          --quick     one small round: shows that it works, the numbers say nothing
          --repeats   rounds that count (default {BenchSettings.DefaultRepeats})
          --tasks     tasks in each run (default {BenchSettings.DefaultTasks:N0})
          --only      runs only contestants whose name contains the text, and the floor
          --out       folder of the JSON results (default .data/bench)
          --save-baseline  makes the ratios to the floor those that later runs are compared with (baseline.json, to be committed)
        Cases:
        {string.Join('\n', known.Select(c => $"  {c.Name,-12} {c.Description}"))}
        """;

    private static string Value(IReadOnlyList<string> arguments, ref int i, ref string wrong)
    {
        if (++i < arguments.Count)
            return arguments[i];
        wrong = $"{arguments[i - 1]} needs a value.";
        return "";
    }

    private static int? Number(IReadOnlyList<string> arguments, ref int i, ref string wrong)
    {
        var option = arguments[i];
        var text = Value(arguments, ref i, ref wrong);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            return number;
        wrong = $"{option} needs a whole number above 0.";
        return null;
    }
}
