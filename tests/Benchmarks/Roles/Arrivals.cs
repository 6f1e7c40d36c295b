using System.Diagnostics;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Counts messages and knows when as many have come as were awaited. Thread-safe.</summary>
internal sealed class Arrivals
{
    private TaskCompletionSource<long> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _received;
    private long _awaited = long.MaxValue;
    private long _sum;

    /// <summary>One more has come.</summary>
    public void Add()
    {
        if (Interlocked.Increment(ref _received) == Volatile.Read(ref _awaited))
            _reached.TrySetResult(Stopwatch.GetTimestamp());
    }

    /// <summary>Awaits that many more, counted from the last call on: what came before this call counts too.</summary>
    public async Task<RoleReport> AwaitAsync(int messages, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        _reached = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _awaited, _sum += messages);
        if (Interlocked.Read(ref _received) >= _sum)
            _reached.TrySetResult(Stopwatch.GetTimestamp());
        return new RoleReport(began, await _reached.Task.WaitAsync(cancellationToken));
    }
}
