using System.Globalization;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>CPU times from <c>/proc</c>.</summary>
internal static class ProcessTimes
{
    // USER_HZ: what /proc counts in, 100 a second on every Linux that .NET runs on, whatever the kernel's own tick.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>User and system time of each root with all its descendants, those that have ended and were waited for included.</summary>
    /// <exception cref="BenchFailedException">A root is gone.</exception>
    public static IReadOnlyDictionary<string, TimeSpan> OfTrees(IReadOnlyDictionary<string, int> roots)
    {
        var processes = ReadAll();
        var children = processes.ToLookup(p => p.Value.Parent, p => p.Key);
        return roots.ToDictionary(
            root => root.Key,
            root => processes.ContainsKey(root.Value)
                ? Tick * Sum(root.Value)
                : throw new BenchFailedException($"The process of '{root.Key}' ({root.Value}) is gone."));

        long Sum(int id) => processes[id].Ticks + children[id].Sum(Sum);
    }

    /// <summary>The time all cores of the machine have spent on processes (and interrupts) since its start.</summary>
    public static TimeSpan OfMachine()
    {
        // cpu user nice system idle iowait irq softirq steal guest guest_nice; guest time is in user and nice already.
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var ticks = fields[1..9].Select(Number).ToArray();
        return Tick * (ticks.Sum() - ticks[3] - ticks[4] - ticks[7]);
    }

    private static Dictionary<int, (int Parent, long Ticks)> ReadAll()
    {
        var found = new Dictionary<int, (int, long)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Read(folder) is { } process)
                found[id] = process;
        }

        return found;
    }

    private static (int Parent, long Ticks)? Read(string folder)
    {
        string text;
        try
        {
            text = File.ReadAllText(Path.Combine(folder, "stat"));
        }
        catch (IOException)
        {
            return null; // ended just now
        }

        // The name, in brackets, may itself hold spaces and brackets: fields are counted from the last one.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return ((int)Number(fields[1]), fields[11..15].Sum(Number)); // utime, stime, cutime, cstime
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
