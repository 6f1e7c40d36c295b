using System.Diagnostics;
using System.Security.Cryptography;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>The loop of the kind <c>test.compute</c>, here only to find out how many of its rounds this machine does in a time.</summary>
internal static class ComputeLoop
{
    private const int BlockBytes = 16 * 1024; // as in the tests' worker
    private const int RoundsAtOnce = 200;
    private const int Tries = 30;

    /// <summary>How many rounds take so much CPU time, by the best of some tries: others may use the machine meanwhile.</summary>
    public static int RoundsFor(TimeSpan cpu)
    {
        var block = new byte[BlockBytes];
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < Tries; i++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var round = 0; round < RoundsAtOnce; round++)
                SHA256.HashData(block, block.AsSpan(0, SHA256.HashSizeInBytes));
            best = Stopwatch.GetElapsedTime(began) is var took && took < best ? took : best;
        }

        return Math.Max(1, (int)(cpu / best * RoundsAtOnce));
    }
}
