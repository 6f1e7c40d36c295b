using System.Threading.Channels;

namespace Messaging.Infrastructure.Operations;

/// <summary>Tells this process's runner that an operation was accepted, so that it begins at once. Others find it within a second.</summary>
public sealed class OperationSignal
{
    private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something to do. Never blocks.</summary>
    public void Wake() => _raised.Writer.TryWrite(true);

    /// <summary>Returns when there is something to do.</summary>
    internal ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _raised.Reader.ReadAsync(cancellationToken);
}
