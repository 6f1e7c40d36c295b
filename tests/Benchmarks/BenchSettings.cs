namespace Messaging.Tests.Benchmarks;

/// <summary>How a case runs. Null leaves a number to the case's own default.</summary>
internal sealed record BenchSettings
{
    /// <summary>Rounds that count, unless told otherwise.</summary>
    public const int DefaultRepeats = 5;

    /// <summary>Tasks in each run, unless told otherwise.</summary>
    public const int DefaultTasks = 100_000;

    /// <summary>Tasks in each run of a quick one.</summary>
    public const int QuickTasks = 5_000;

    /// <summary>One small round: proves that the case still works.</summary>
    public bool Quick { get; init; }

    /// <summary>Whether the result becomes the baseline that later runs are compared with.</summary>
    public bool SaveBaseline { get; init; }

    /// <summary>Rounds that count.</summary>
    public int? Repeats { get; init; }

    /// <summary>Tasks in each run.</summary>
    public int? Tasks { get; init; }

    /// <summary>Part of the names of the contestants to run; empty: all. The first, the floor, always runs.</summary>
    public string Only { get; init; } = "";

    /// <summary>Folder for the JSON results.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Rounds that count, whoever said so.</summary>
    public int RepeatsOrDefault => Repeats ?? (Quick ? 1 : DefaultRepeats);

    /// <summary>Tasks in each run, whoever said so.</summary>
    public int TasksOrDefault => Tasks ?? (Quick ? QuickTasks : DefaultTasks);
}
