using System.Threading.Channels;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Express;

namespace Messaging.Tests.Integration.Express;

/// <summary>Remembers the express copies that come.</summary>
internal sealed class RecordingExpressReceiver : IExpressReceiver
{
    private readonly Channel<(string Queue, RunTasks Message)> _copies = Channel.CreateUnbounded<(string, RunTasks)>();

    /// <summary>How many came that nobody has asked for.</summary>
    public int Count => _copies.Reader.Count;

    /// <summary>Asked whenever one comes, before it is remembered.</summary>
    public Action<RunTask> OnCopy { get; set; } = static _ => { };

    public void Receive(string queue, RunTasks message)
    {
        OnCopy(message.Tasks[0]);
        _copies.Writer.TryWrite((queue, message));
    }

    /// <summary>The next copy.</summary>
    public async Task<(string Queue, RunTask Task)> NextAsync(CancellationToken cancellationToken)
    {
        var (queue, message) = await _copies.Reader.ReadAsync(cancellationToken);
        return (queue, message.Tasks.Single());
    }
}
