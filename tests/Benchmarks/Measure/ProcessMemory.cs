using System.Globalization;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>Resident memory from <c>/proc</c>, in MiB.</summary>
internal static class ProcessMemory
{
    private const double KiBInMiB = 1024;

    /// <summary>What a process has in memory now.</summary>
    /// <exception cref="BenchFailedException">It is gone.</exception>
    public static double Resident(int id) => Read(id, "VmRSS:");

    /// <summary>The most it had since the last call, or since its start if there was none.</summary>
    /// <exception cref="BenchFailedException">It is gone.</exception>
    public static double TakePeak(int id)
    {
        var peak = Read(id, "VmHWM:");
        try
        {
            File.WriteAllText($"/proc/{id}/clear_refs", "5"); // forgets the peak, nothing else
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A kernel without it, or a container that forbids it: the next peak is that since the start.
        }

        return peak;
    }

    private static double Read(int id, string field)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
            if (line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [.., var number, "kB"])
                return double.Parse(number, CultureInfo.InvariantCulture) / KiBInMiB;
        }
        catch (IOException)
        {
        }

        throw new BenchFailedException($"Process {id} is gone.");
    }
}
