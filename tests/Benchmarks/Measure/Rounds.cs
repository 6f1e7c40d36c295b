using Messaging.Tests.Benchmarks.Contestants;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>Runs contestants in turns, so that whatever changes on the machine meanwhile meets all of them.</summary>
internal static class Rounds
{
    /// <summary>A warm-up, then the counted ones, each beginning with another contestant.</summary>
    public static async Task<IReadOnlyList<ContestantResult>> RunAsync(
        IReadOnlyList<IContestant> contestants, int tasks, int repeats, CancellationToken cancellationToken)
    {
        foreach (var contestant in contestants)
            await contestant.WarmUpAsync(tasks, cancellationToken);

        var samples = contestants.ToDictionary(c => c, _ => new List<Sample>());
        for (var round = 0; round < repeats; round++)
        {
            for (var turn = 0; turn < contestants.Count; turn++)
            {
                var contestant = contestants[(round + turn) % contestants.Count];
                var sample = await contestant.RunAsync(tasks, cancellationToken);
                Say($"round {round + 1}", contestant, sample);
                samples[contestant].Add(sample);
            }
        }

        return [.. contestants.Select(c => new ContestantResult(c.Name, samples[c]))];
    }

    private static void Say(string round, IContestant contestant, Sample sample) =>
        Console.WriteLine($"  {round,-8} {contestant.Name,-34} {sample.Rate,9:N0} tasks/s {sample.CpuPerTask,8:N1} µs");
}
