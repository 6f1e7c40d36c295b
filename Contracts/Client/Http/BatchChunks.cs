using System.Runtime.CompilerServices;
using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client.Http;

/// <summary>Cuts a stream of tasks into requests: as many tasks as one may have, or as many bytes, or what has come when nothing more comes for a moment.</summary>
internal static class BatchChunks
{
    /// <summary>A request of so many bytes is not made longer: 8 MiB, which are kept until they are answered.</summary>
    private const int MostBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    /// <summary>Reads the source to its end.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<BatchLine>> OfAsync(
        IAsyncEnumerable<BatchLine> lines, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chunk = new List<BatchLine>();
        var bytes = 0L;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var source = lines.GetAsyncEnumerator(stop.Token);
        var next = source.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (chunk.Count > 0 && !next.IsCompleted && !await ComesAsync(next, time, cancellationToken))
                {
                    yield return chunk;
                    (chunk, bytes) = ([], 0);
                }

                if (!await next)
                    break;
                var line = source.Current;
                if (chunk.Count == SubmitTaskRequest.MaxBatch || (chunk.Count > 0 && bytes + line.Json.Length > MostBytes))
                {
                    yield return chunk;
                    (chunk, bytes) = ([], 0);
                }

                chunk.Add(line);
                bytes += line.Json.Length;
                next = source.MoveNextAsync().AsTask();
            }

            if (chunk.Count > 0)
                yield return chunk;
        }
        finally
        {
            // Whoever stops reading stops the source, which must not be disposed in the middle of a step.
            await stop.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await source.DisposeAsync();
        }
    }

    private static async Task<bool> ComesAsync(Task<bool> next, TimeProvider time, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var comes = await Task.WhenAny(next, Task.Delay(Moment, time, enough.Token)) == next;
        await enough.CancelAsync();
        return comes;
    }
}
