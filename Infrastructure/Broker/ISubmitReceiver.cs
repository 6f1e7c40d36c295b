namespace Messaging.Infrastructure.Broker;

/// <summary>Takes what clients publish to <see cref="QueueNames.Submit"/> and makes tasks of it. Implemented by the producer.</summary>
public interface ISubmitReceiver
{
    /// <summary>The largest body that can be a task, in bytes; whatever is larger is refused.</summary>
    int MostBytes { get; }

    /// <summary>
    /// Returns when the message's fate is decided and committed; waits for as long as that can't be, because the ledger is away or a queue is
    /// full. Then the message waits, too. It faults with nothing but a cancellation.
    /// </summary>
    /// <param name="message">The message; its body is there until the verdict.</param>
    /// <param name="cancellationToken">Cancelled when the channel is gone or the process stops: the message will come again.</param>
    Task<SubmitVerdict> ReceiveAsync(SubmitMessage message, CancellationToken cancellationToken);
}

/// <summary>A message to <see cref="QueueNames.Submit"/>.</summary>
/// <param name="Body">Its body.</param>
/// <param name="ContentType">Its property of that name; null: none.</param>
/// <param name="ContentEncoding">Its property of that name; null: none.</param>
/// <param name="TraceParent">Its header <c>traceparent</c>; null: none.</param>
public sealed record SubmitMessage(ReadOnlyMemory<byte> Body, string? ContentType, string? ContentEncoding, string? TraceParent);

/// <summary>What became of it.</summary>
/// <param name="Answer">For whoever asked for one: UTF-8 JSON.</param>
/// <param name="Problem">Null: there is a task. Otherwise the problem in JSON: the message goes to <see cref="QueueNames.SubmitRejected"/>.</param>
/// <param name="Reason">The problem in a sentence.</param>
public sealed record SubmitVerdict(ReadOnlyMemory<byte> Answer, string? Problem = null, string? Reason = null);
