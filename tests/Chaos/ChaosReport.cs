using System.Globalization;
using Messaging.Contracts.Http;

namespace Messaging.Tests.Chaos;

/// <summary>What a run found.</summary>
/// <param name="Options">How it was run.</param>
/// <param name="Drained">Whether everything ended by itself after the last fault, within the limit.</param>
/// <param name="DrainTime">How long that took.</param>
/// <param name="Ledger">The ledger at the end.</param>
/// <param name="OwnCheck">What the system's own check of the ledger says of it, all of it checked; null if that did not come.</param>
/// <param name="Faults">Faults by name.</param>
/// <param name="Purged">Messages purged by hand.</param>
/// <param name="Visits">How often each page was fetched.</param>
/// <param name="Rescues">From a worker's death until its claims were queued again, while Postgres was there all that time.</param>
/// <param name="Unanswered">Batches whose answer was lost.</param>
/// <param name="Refused">Answers that refused, by status.</param>
/// <param name="Exits">Processes that ended by themselves, with their last lines.</param>
public sealed record ChaosReport(
    ChaosOptions Options,
    bool Drained,
    TimeSpan DrainTime,
    LedgerCheck Ledger,
    LedgerResponse? OwnCheck,
    IReadOnlyDictionary<string, int> Faults,
    long Purged,
    IReadOnlyDictionary<string, int> Visits,
    IReadOnlyList<TimeSpan> Rescues,
    int Unanswered,
    IReadOnlyDictionary<int, int> Refused,
    IReadOnlyList<string> Exits)
{
    /// <summary>True if nothing was lost, nothing ended wrongly, nothing is left and no process gave up.</summary>
    public bool IsClean => Drained && Ledger.IsClean && OwnCheck is { Unaccounted: 0 } && Exits.Count == 0;

    /// <summary>Writes the table.</summary>
    public void Write(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Line($"chaos: {Options.Duration.TotalMinutes:0.#} min, seed {Options.Seed}, {Options.Producers} producers, {Options.Consumers} consumers, {Options.Rate} tasks/s");
        Line($"  faults                  {Faults.Values.Sum()}");
        foreach (var (name, count) in Faults.OrderByDescending(f => f.Value).ThenBy(f => f.Key, StringComparer.Ordinal))
            Line($"    {count,4}  {name}");
        Line($"  accepted                {Ledger.Accepted}   (answers lost: {Unanswered} batches; refused: {Join(Refused)})");
        Line($"  stored, ended           {Ledger.Stored}, {Ledger.Ended}   ({Join(Ledger.States)})");
        Line($"  accepted and not ended  {Ledger.Missing}");
        Line($"  ended wrongly           {Ledger.WrongEnds.Values.Sum()}   {Join(Ledger.WrongEnds)}");
        Line($"  open, outbox            {Ledger.Open}, {Ledger.Outbox}   after {DrainTime.TotalSeconds:0.0} s{(Drained ? "" : ": not drained")}");
        Line($"  unaccounted             {OwnCheck?.Unaccounted.ToString(CultureInfo.InvariantCulture) ?? "not checked"}   (repairs: {Join(OwnCheck?.Repairs ?? new Dictionary<string, long>())})");
        Line($"  executions per task     {Executions:0.000} on average, at most {(Visits.Count == 0 ? 0 : Visits.Values.Max())}, of {Visits.Count} tasks that were counted from outside");
        Line($"  most attempts           {Ledger.MostAttempts}");
        Line($"  claims rescued          {Ledger.Rescued}; longest rescue {(Rescues.Count == 0 ? 0 : Rescues.Max().TotalSeconds):0.0} s of {Rescues.Count} with Postgres there throughout");
        Line($"  messages purged         {Purged}");
        Line($"  processes that gave up  {Exits.Count}");
        foreach (var exit in Exits)
            output.WriteLine(exit);
        Line($"  {(IsClean ? "clean" : "NOT CLEAN")}");

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    private double Executions => Visits.Count == 0 ? 0 : Visits.Values.Average();

    private static string Join<TKey, TCount>(IReadOnlyDictionary<TKey, TCount> counts)
        where TKey : notnull => counts.Count == 0 ? "none" : string.Join(", ", counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key}: {c.Value}")));
}
