using System.Collections.Concurrent;
using System.Diagnostics;
using MassTransit;
using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Receives through bare MassTransit, and notes how long each message was on its way.</summary>
internal sealed class TimedReceiver : IRole, IConsumer<TimedMessage>
{
    /// <summary>The role's name.</summary>
    public const string Name = "timed-receiver";

    private readonly IBusControl _bus;
    private readonly Arrivals _arrivals = new();
    private readonly ConcurrentQueue<TimeSpan> _ways = [];

    /// <summary>Declares the queue and takes from it once started.</summary>
    public TimedReceiver() => _bus = BareBus.Create(bus => bus.ReceiveEndpoint(BareBus.Queue, endpoint =>
    {
        endpoint.SetQuorumQueue();
        endpoint.PrefetchCount = BareBus.Window;
        endpoint.Instance(this);
    }));

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _bus.StartAsync(cancellationToken);

    /// <summary>The report says, as <see cref="LatencyFigures"/>, how long it took from the send until the consumer was called.</summary>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var report = await _arrivals.AwaitAsync(tasks, cancellationToken);
        var ways = new List<TimeSpan>(tasks);
        while (ways.Count < tasks && _ways.TryDequeue(out var way))
            ways.Add(way);
        return report with { More = LatencyFigures.ToText(Latency.Of(ways)) };
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<TimedMessage> context)
    {
        _ways.Enqueue(Stopwatch.GetElapsedTime(context.Message.Sent));
        _arrivals.Add();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
