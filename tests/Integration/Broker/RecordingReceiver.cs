using System.Threading.Channels;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Integration.Broker;

/// <summary>A worker that does what the test says with each delivery, and remembers them.</summary>
internal sealed class RecordingReceiver : ITaskReceiver
{
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();

    /// <summary>How a delivery is handled; the default returns at once.</summary>
    public Func<Delivery, Task> Handle { get; set; } = static _ => Task.CompletedTask;

    public bool HasRoom => true;

    public async Task ReceiveAsync(string queue, RunTasks message, CancellationToken cancellationToken)
    {
        var delivery = new Delivery(queue, message, cancellationToken);
        _deliveries.Writer.TryWrite(delivery);
        await Handle(delivery);
    }

    /// <summary>The next delivery.</summary>
    public ValueTask<Delivery> NextAsync(CancellationToken cancellationToken) => _deliveries.Reader.ReadAsync(cancellationToken);

    /// <summary>Reads deliveries until every one of the tasks has come at least once.</summary>
    public async Task ReadAllAsync(IEnumerable<Guid> tasks, CancellationToken cancellationToken)
    {
        var missing = tasks.ToHashSet();
        while (missing.Count > 0)
            missing.ExceptWith((await NextAsync(cancellationToken)).Message.Tasks.Select(t => t.Id));
    }

    internal sealed record Delivery(string Queue, RunTasks Message, CancellationToken Ended);
}
