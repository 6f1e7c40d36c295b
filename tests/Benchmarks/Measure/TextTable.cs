namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>Columns under a head; the first is aligned left, the others, numbers, right.</summary>
internal static class TextTable
{
    /// <summary>Writes a table whose rows all have as many cells as the head.</summary>
    public static void Write(TextWriter output, string[] head, IEnumerable<string[]> rows)
    {
        string[][] lines = [head, .. rows];
        int[] widths = [.. head.Select((_, column) => lines.Max(line => line[column].Length))];
        foreach (var line in lines)
            output.WriteLine(string.Join("  ", line.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))));
    }
}
