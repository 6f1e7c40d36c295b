using System.Threading.Channels;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Integration.Broker;

/// <summary>Remembers the express copies that come.</summary>
internal sealed class RecordingExpressReceiver : IExpressReceiver
{
    private readonly Channel<(string Queue, RunTasks Message)> _copies = Channel.CreateUnbounded<(string, RunTasks)>();

    public void Receive(string queue, RunTasks message) => _copies.Writer.TryWrite((queue, message));

    /// <summary>The next copy.</summary>
    public ValueTask<(string Queue, RunTasks Message)> NextAsync(CancellationToken cancellationToken) => _copies.Reader.ReadAsync(cancellationToken);
}
