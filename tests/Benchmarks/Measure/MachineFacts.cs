using System.Runtime.InteropServices;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What a number is worth nothing without.</summary>
internal static class MachineFacts
{
    /// <summary>Processor, cores, system and runtime; a case adds its servers.</summary>
    public static Dictionary<string, string> Read() => new()
    {
        ["CPU"] = Processor(),
        ["cores"] = $"{Environment.ProcessorCount}",
        ["OS"] = RuntimeInformation.OSDescription,
        [".NET"] = $"{Environment.Version}",
    };

    private static string Processor()
    {
        const string mark = "model name";
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(mark, StringComparison.Ordinal));
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':') + 1)..].Trim();
    }
}
