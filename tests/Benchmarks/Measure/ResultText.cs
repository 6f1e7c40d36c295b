namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>A result as text: one table of speeds and costs, one of where the CPU time went, one of memory.</summary>
internal static class ResultText
{
    /// <summary>Writes the tables.</summary>
    public static void Write(CaseResult result, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"{result.Case}: {string.Join(", ", result.Conditions.Select(c => $"{c.Key} {c.Value}"))}");
        output.WriteLine(string.Join(", ", result.Machine.Select(m => $"{m.Key} {m.Value}")));
        output.WriteLine();
        TextTable.Write(output, ["", "tasks/s", "min", "max", "× floor", "CPU µs/task", "min", "max", "× floor"], result.Contestants.Select(c => (string[])
        [
            c.Name,
            $"{c.Rate.Median:N0}", $"{c.Rate.Min:N0}", $"{c.Rate.Max:N0}", $"{result.RateToFloor(c):N2}",
            $"{c.CpuPerTask.Median:N1}", $"{c.CpuPerTask.Min:N1}", $"{c.CpuPerTask.Max:N1}", $"{result.CpuToFloor(c):N2}",
        ]));
        output.WriteLine();
        string[] parts = [.. result.Contestants.SelectMany(c => c.CpuByPart.Keys).Distinct()];
        TextTable.Write(output, ["CPU µs/task, medians", .. parts, "vacuum after", "WAL bytes/task", "commits/1,000 tasks", "others' load", "processors busy"], result.Contestants.Select(c => (string[])
        [
            c.Name,
            .. parts.Select(part => c.CpuByPart.TryGetValue(part, out var cpu) ? $"{cpu.Median:N1}" : "–"),
            $"{c.UpkeepPerTask.Median:N1}",
            c.WalBytesPerTask is { } wal ? $"{wal.Median:N0}" : "–",
            c.TransactionsPerThousand is { } transactions ? $"{transactions.Median:N1}" : "–",
            $"{c.Elsewhere.Median:P0}",
            $"{c.Busy.Median:P0}",
        ]));
        output.WriteLine();
        string[] own = [.. result.Contestants.SelectMany(c => c.PeakMiBByPart.Keys).Distinct()];
        TextTable.Write(output, ["peak resident memory, MiB, highest of all runs", .. own], result.Contestants.Select(c => (string[])
        [
            c.Name,
            .. own.Select(part => c.PeakMiBByPart.TryGetValue(part, out var peak) ? $"{peak.Max:N0}" : "–"),
        ]));
        output.WriteLine();
    }
}
