using System.Diagnostics;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>
/// The floors: one process that sends and one that consumes, through a durable quorum queue with publisher confirms.
/// Nothing is stored outside the broker: a message is gone once it is consumed.
/// </summary>
internal sealed class SendAndReceive : IContestant
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

    private SendAndReceive(string name, BenchServers servers, string queue, RoleProcess sender, RoleProcess receiver)
    {
        (Name, _servers, _queue, _sender, _receiver) = (name, servers, queue, sender, receiver);
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
    /// <param name="name">What the tables call it.</param>
    /// <param name="servers">Whose broker to use.</param>
    /// <param name="shape">What they are and send.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<SendAndReceive> StartAsync(string name, BenchServers servers, FloorShape shape, CancellationToken cancellationToken)
    {
        // The receiver first: it declares the queue.
        var receiver = await RoleProcess.StartAsync(shape.Receiver, Settings(servers, shape, Prefetch), cancellationToken);
        try
        {
            var sender = await StartSenderAsync(servers, shape, cancellationToken);
            return new SendAndReceive(name, servers, shape.Queue, sender, receiver);
        }
        catch
        {
            await receiver.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the sender alone.</summary>
    public static Task<RoleProcess> StartSenderAsync(BenchServers servers, FloorShape shape, CancellationToken cancellationToken)
        => RoleProcess.StartAsync(shape.Sender, Settings(servers, shape, SendsInFlight), cancellationToken);

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

    private static Dictionary<string, string?> Settings(BenchServers servers, FloorShape shape, int window) => new()
    {
        [BareBus.UriVariable] = servers.RabbitMq.ToString(),
        [BareBus.QueueVariable] = shape.Queue,
        [BareBus.RawVariable] = shape.Envelope ? "false" : "true",
        [BareBus.WindowVariable] = $"{window}",
        [Payload.SizeVariable] = $"{shape.PayloadBytes}",
    };
}

/// <summary>What a floor consists of.</summary>
/// <param name="Queue">The name of its queue.</param>
/// <param name="Sender">The sender's role.</param>
/// <param name="Receiver">The receiver's role.</param>
/// <param name="Envelope">Whether MassTransit puts messages into its envelope.</param>
/// <param name="PayloadBytes">The size of what it sends, as JSON.</param>
internal sealed record FloorShape(string Queue, string Sender, string Receiver, bool Envelope = true, int PayloadBytes = Payload.Bytes)
{
    /// <summary>RabbitMQ's own client, and nothing else.</summary>
    public static FloorShape RabbitMqClient(string queue) => new(queue, RawSender.Name, RawReceiver.Name);
}
