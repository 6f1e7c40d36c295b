using System.Diagnostics;
using System.Globalization;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Callers at work together, each with its own batches one after the other; how many, and how large, is in the environment.</summary>
internal static class Callers
{
    /// <summary>Environment variable: how many callers. Default 4.</summary>
    public const string CountVariable = "BENCH_CALLERS";

    /// <summary>Environment variable: tasks of a batch. Default 500: a service that has much to submit. 1: one by one.</summary>
    public const string BatchVariable = "BENCH_BATCH";

    private static readonly int Count = Number(CountVariable, 4);
    private static readonly int Batch = Number(BatchVariable, 500);

    /// <summary>The variables that say this.</summary>
    public static Dictionary<string, string?> AsEnvironment(int count, int batch)
        => new() { [CountVariable] = Text(count), [BatchVariable] = Text(batch) };

    /// <summary>Submits this many tasks; the report's last task is one of the last batch.</summary>
    /// <param name="tasks">In all.</param>
    /// <param name="submit">Submits a batch of so many and returns its last task when all are committed.</param>
    public static async Task<RoleReport> RunAsync(int tasks, Func<int, Task<Guid>> submit)
    {
        var left = tasks;
        var last = Guid.Empty;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(SubmitAllAsync)));
        return new RoleReport(began, Stopwatch.GetTimestamp(), last);

        async Task SubmitAllAsync()
        {
            while (Interlocked.Add(ref left, -Batch) + Batch is > 0 and var remaining)
            {
                var id = await submit(Math.Min(Batch, remaining));
                if (remaining <= Batch)
                    last = id;
            }
        }
    }

    private static int Number(string variable, int otherwise)
        => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
