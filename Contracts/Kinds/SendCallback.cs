using System.ComponentModel;

namespace Messaging.Contracts.Kinds;

/// <summary>
/// Tells somebody of the end of a task. The ledger makes these tasks itself, in the transaction that ends the other task; nobody can submit one.
/// </summary>
/// <param name="TaskId">The task that has ended.</param>
[TaskKind(
    SendCallback.KindName,
    Description = "Tells of the end of a task; made by the ledger, can't be submitted.",
    Queue = SendCallback.QueueName,
    Timeout = "PT2M",
    MaxAttempts = Tasks.RetryPolicy.MostAttempts,
    FirstRetryDelay = "PT0.001S",
    MaxRetryDelay = "PT0.001S")]
public sealed record SendCallback([Description("The task that has ended.")] Guid TaskId) : ITaskInput<SendCallbackResult>
{
    /// <summary>The kind.</summary>
    public const string KindName = "messaging.callback";

    /// <summary>Its queue: a worker that lists its queues itself and is to send callbacks lists this one too.</summary>
    public const string QueueName = "callbacks";
}

/// <summary>What <see cref="SendCallback"/> returns.</summary>
/// <param name="Status">The receiver's answer, 200 to 299.</param>
/// <param name="WebhookId">What the receiver got as <c>webhook-id</c>.</param>
public sealed record SendCallbackResult(int Status, string WebhookId);
