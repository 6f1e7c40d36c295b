using System.Globalization;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What the kernel says of a process, from <c>/proc</c>.</summary>
/// <param name="Threads">How many it has now.</param>
/// <param name="Resident">Its resident memory now, in MiB.</param>
/// <param name="PeakResident">The most it has ever had, in MiB; the kernel keeps it, so no peak is missed.</param>
internal sealed record ProcessStatus(int Threads, double Resident, double PeakResident)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="BenchFailedException">The process is gone.</exception>
    public static ProcessStatus Of(int id)
    {
        var fields = Lines(id, "status").Select(line => line.Split(':', 2)).Where(field => field.Length == 2).ToDictionary(f => f[0], f => f[1]);
        return new ProcessStatus((int)Number(fields["Threads"]), Mebibytes("VmRSS"), Mebibytes("VmHWM"));

        double Mebibytes(string field) => Number(fields[field]) / 1024.0; // "  123456 kB"
    }

    /// <summary>How many files and sockets a process may have open.</summary>
    /// <exception cref="BenchFailedException">The process is gone.</exception>
    public static long OpenFilesLimit(int id)
    {
        const string mark = "Max open files";
        var soft = Lines(id, "limits").Single(line => line.StartsWith(mark, StringComparison.Ordinal))[mark.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == "unlimited" ? long.MaxValue : Number(soft);
    }

    private static string[] Lines(int id, string file)
    {
        try
        {
            return File.ReadAllLines($"/proc/{id}/{file}");
        }
        catch (IOException gone)
        {
            throw new BenchFailedException($"Process {id} is gone.", gone);
        }
    }

    private static long Number(string text) => long.Parse(text.Trim().Split(' ')[0], CultureInfo.InvariantCulture);
}
