using System.Diagnostics;
using MassTransit;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>The floor's receiver: counts messages and does nothing else with them.</summary>
internal sealed class BareReceiver : IRole, IConsumer<BareMessage>
{
    /// <summary>The role's name.</summary>
    public const string Name = "bare-receiver";

    private readonly IBusControl _bus;
    private TaskCompletionSource<long> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _received;
    private long _awaited = long.MaxValue;
    private long _sum;

    /// <summary>Declares the queue and takes from it once started.</summary>
    public BareReceiver() => _bus = BareBus.Create(bus => bus.ReceiveEndpoint(BareBus.Queue, endpoint =>
    {
        endpoint.SetQuorumQueue();
        endpoint.PrefetchCount = BareBus.Window;
        endpoint.Instance(this);
    }));

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _bus.StartAsync(cancellationToken);

    /// <summary>Awaits that many messages more, counted from the last run on: what comes before the call counts too.</summary>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        _reached = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _awaited, _sum += tasks);
        if (Interlocked.Read(ref _received) >= _sum)
            _reached.TrySetResult(Stopwatch.GetTimestamp());
        return new RoleReport(began, await _reached.Task.WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<BareMessage> context)
    {
        if (Interlocked.Increment(ref _received) == Volatile.Read(ref _awaited))
            _reached.TrySetResult(Stopwatch.GetTimestamp());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
