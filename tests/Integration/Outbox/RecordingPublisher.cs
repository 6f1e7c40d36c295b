using System.Collections.Concurrent;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Integration.Outbox;

/// <summary>A broker that confirms when the test says so, and remembers.</summary>
internal sealed class RecordingPublisher : ITaskPublisher
{
    private TaskCompletionSource _open = Opened();

    /// <summary>What was confirmed, in order.</summary>
    public ConcurrentQueue<(string Queue, RunTasks Message)> Confirmed { get; } = new();

    /// <summary>How many sends wait at the closed gate.</summary>
    public int Waiting { get; private set; }

    /// <summary>Thrown at a send in place of a confirm, while set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>All confirmed tasks.</summary>
    public Guid[] TaskIds => [.. Confirmed.SelectMany(c => c.Message.Tasks).Select(t => t.Id)];

    /// <summary>From now on nothing is confirmed until <see cref="Open"/>.</summary>
    public void Close() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Confirms what waits and what comes.</summary>
    public void Open() => _open.TrySetResult();

    public async Task PublishAsync(string queue, RunTasks message, CancellationToken cancellationToken)
    {
        Waiting++;
        await _open.Task.WaitAsync(cancellationToken);
        Waiting--;
        if (Failure is { } failure)
            throw failure;
        Confirmed.Enqueue((queue, message));
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }
}
