using System.Diagnostics;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>
/// The floor: MassTransit alone, one process that sends and one that consumes, through a durable quorum queue with publisher confirms.
/// Nothing is stored outside the broker: a message is gone once it is consumed.
/// </summary>
internal sealed class BareMassTransit : IContestant
{
    // Some hundreds on both sides: enough that neither the broker nor a client waits for the other's round trips.
    private const int SendsInFlight = 300;
    private const int Prefetch = 300;

    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private readonly BenchServers _servers;
    private readonly string _queue;
    private readonly RoleProcess _sender;
    private readonly RoleProcess _receiver;
    private readonly CpuMeter _meter;

    private BareMassTransit(BenchServers servers, string name, string queue, RoleProcess sender, RoleProcess receiver)
    {
        (_servers, Name, _queue, _sender, _receiver) = (servers, name, queue, sender, receiver);
        _meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Submitter] = sender.Id,
            [Parts.Consumer] = receiver.Id,
            [Parts.RabbitMq] = servers.RabbitMqId,
        });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Starts its two processes.</summary>
    /// <param name="servers">Whose broker to use.</param>
    /// <param name="raw">Plain JSON bodies instead of MassTransit's envelope.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<BareMassTransit> StartAsync(BenchServers servers, bool raw, CancellationToken cancellationToken)
    {
        var queue = raw ? "bare-raw" : "bare";
        // The receiver first: it declares the queue.
        var receiver = await RoleProcess.StartAsync(BareReceiver.Name, Settings(Prefetch), cancellationToken);
        var sender = await RoleProcess.StartAsync(BareSender.Name, Settings(SendsInFlight), cancellationToken);
        return new BareMassTransit(servers, raw ? "bare MassTransit, raw JSON" : "bare MassTransit", queue, sender, receiver);

        Dictionary<string, string?> Settings(int window) => new()
        {
            [BareBus.UriVariable] = servers.RabbitMq.ToString(),
            [BareBus.QueueVariable] = queue,
            [BareBus.RawVariable] = raw ? "true" : "false",
            [BareBus.WindowVariable] = $"{window}",
        };
    }

    /// <inheritdoc/>
    public async Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var before = _meter.Read();
        var receiving = _receiver.RunAsync(tasks, RunLimit, cancellationToken);
        var sending = _sender.RunAsync(tasks, RunLimit, cancellationToken);
        var (sent, received) = (await sending, await receiving);
        var cost = CpuMeter.Between(before, _meter.Read());

        if (await _servers.WaitingAsync(_queue, cancellationToken) is > 0 and var left)
            throw new BenchFailedException($"{Name}: {left:N0} messages are left in the queue after {tasks:N0} were received.");
        return Sample.Of(tasks, Stopwatch.GetElapsedTime(sent.Began, received.Ended), cost);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync();
        await _receiver.DisposeAsync();
    }
}
