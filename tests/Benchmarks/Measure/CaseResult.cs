using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What a case showed.</summary>
/// <param name="Case">Its name.</param>
/// <param name="Conditions">What was measured and how, in the words of the table's head: tasks, payload, repeats.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Contestants">The first is the floor that the others are compared with, unless they name another.</param>
internal sealed record CaseResult(
    string Case, IReadOnlyDictionary<string, string> Conditions, IReadOnlyDictionary<string, string> Machine, IReadOnlyList<ContestantResult> Contestants)
    : IBenchResult
{
    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Ratios => Contestants.Where(c => FloorOf(c) != c)
        .SelectMany(c => new KeyValuePair<string, double>[]
        {
            new($"{c.Name}: tasks/s × floor", RateToFloor(c)),
            new($"{c.Name}: CPU × floor", CpuToFloor(c)),
        })
        .ToDictionary();

    /// <summary>A contestant's tasks per second as a multiple of its floor's.</summary>
    public double RateToFloor(ContestantResult contestant) => contestant.Rate.Median / FloorOf(contestant).Rate.Median;

    /// <summary>A contestant's CPU for one task as a multiple of its floor's.</summary>
    public double CpuToFloor(ContestantResult contestant) => contestant.CpuPerTask.Median / FloorOf(contestant).CpuPerTask.Median;

    /// <inheritdoc/>
    public void Write(TextWriter output) => ResultText.Write(this, output);

    /// <inheritdoc/>
    public JsonObject ToJson() => new()
    {
        ["case"] = Case,
        ["conditions"] = ResultFile.Node(Conditions),
        ["machine"] = ResultFile.Node(Machine),
        ["contestants"] = new JsonArray([.. Contestants.Select(c => new JsonObject
        {
            ["name"] = c.Name,
            ["floor"] = FloorOf(c).Name,
            ["tasksPerSecond"] = ResultFile.Node(c.Rate),
            ["tasksPerSecondToFloor"] = RateToFloor(c),
            ["cpuMicrosecondsPerTask"] = ResultFile.Node(c.CpuPerTask),
            ["cpuToFloor"] = CpuToFloor(c),
            ["cpuMicrosecondsPerTaskByPart"] = ResultFile.Node(c.CpuByPart),
            ["upkeepMicrosecondsPerTask"] = ResultFile.Node(c.UpkeepPerTask),
            ["peakMiBByPart"] = ResultFile.Node(c.PeakMiBByPart),
            ["processorsBusy"] = ResultFile.Node(c.Busy),
            ["othersShareOfMachine"] = ResultFile.Node(c.Elsewhere),
            ["walBytesPerTask"] = ResultFile.Node(c.WalBytesPerTask),
            ["transactionsPerThousandTasks"] = ResultFile.Node(c.TransactionsPerThousand),
            ["runs"] = ResultFile.Node(c.Samples.Select(s => new { s.Rate, s.CpuPerTask, ElapsedSeconds = s.Elapsed.TotalSeconds })),
        })]),
    };

    private ContestantResult FloorOf(ContestantResult contestant) => Contestants.FirstOrDefault(other => other.Name == contestant.Floor) ?? Contestants[0];
}

/// <summary>What one contestant showed.</summary>
/// <param name="Name">Who.</param>
/// <param name="Samples">Its counted runs, in order.</param>
internal sealed record ContestantResult(string Name, IReadOnlyList<Sample> Samples)
{
    /// <summary>The name of the contestant that it is compared with; null: the case's first.</summary>
    public string? Floor { get; init; }

    /// <summary>Tasks per second.</summary>
    public Spread Rate => Spread.Of(Samples.Select(s => s.Rate));

    /// <summary>µs of CPU for one task, over all parts.</summary>
    public Spread CpuPerTask => Spread.Of(Samples.Select(s => s.CpuPerTask));

    /// <summary>µs of CPU for one task after the run (vacuum, checkpoint).</summary>
    public Spread UpkeepPerTask => Spread.Of(Samples.Select(s => s.PerTask(s.Upkeep)));

    /// <summary>The share of the machine that others took during the runs, 0 to 1.</summary>
    public Spread Elsewhere => Spread.Of(Samples.Select(s => s.Elsewhere / s.Elapsed / Environment.ProcessorCount));

    /// <summary>The share of the machine's processors that everybody together used, 0 to 1.</summary>
    public Spread Busy => Spread.Of(Samples.Select(s => s.Busy));

    /// <summary>Bytes of Postgres's write-ahead log for one task; null: not looked at.</summary>
    public Spread? WalBytesPerTask => Of(s => s.Written?.WalBytes / (double)s.Tasks);

    /// <summary>Transactions that wrote something for 1,000 tasks; null: not looked at.</summary>
    public Spread? TransactionsPerThousand => Of(s => s.Written?.Transactions * 1_000.0 / s.Tasks);

    /// <summary>The most memory that each of our own processes had resident, in MiB.</summary>
    public IReadOnlyDictionary<string, Spread> PeakMiBByPart =>
        Samples[0].PeakMiB.Keys.ToDictionary(part => part, part => Spread.Of(Samples.Select(s => s.PeakMiB[part])));

    /// <summary>µs of CPU for one task, by part.</summary>
    public IReadOnlyDictionary<string, Spread> CpuByPart =>
        Samples[0].Cpu.Keys.ToDictionary(part => part, part => Spread.Of(Samples.Select(s => s.PerTask(s.Cpu[part]))));

    private Spread? Of(Func<Sample, double?> figure)
    {
        double[] figures = [.. Samples.Select(figure).OfType<double>()];
        return figures.Length == 0 ? null : Spread.Of(figures);
    }
}
