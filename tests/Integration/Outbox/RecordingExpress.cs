using System.Collections.Concurrent;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Integration.Outbox;

/// <summary>An express way that is closed until a test opens it, and remembers.</summary>
internal sealed class RecordingExpress : IExpressPublisher
{
    /// <summary>Whether copies go.</summary>
    public bool IsOpen { get; set; }

    /// <summary>What went.</summary>
    public ConcurrentQueue<(string Queue, RunTasks Message)> Sent { get; } = new();

    public bool Offer(string queue, RunTasks message)
    {
        if (IsOpen)
            Sent.Enqueue((queue, message));
        return IsOpen;
    }
}
