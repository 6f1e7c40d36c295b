using System.Threading.Channels;

namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// Says within a process that something is to be done: many calls before a look count as one, and one during a look makes another follow.
/// The container's instance wakes the sweeper: whoever has committed outbox rows without an owner may call <see cref="Wake"/>.
/// </summary>
public sealed class OutboxSignal
{
    private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something to do. Never blocks.</summary>
    public void Wake() => _raised.Writer.TryWrite(true);

    /// <summary>Returns when there is something to do.</summary>
    internal ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _raised.Reader.ReadAsync(cancellationToken);
}
