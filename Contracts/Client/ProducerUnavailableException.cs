namespace Messaging.Contracts.Client;

/// <summary>No Producer gave an answer, for as long as the client's options allow it to try.</summary>
/// <param name="message">What was tried, for people.</param>
/// <param name="innerException">What went wrong the last time.</param>
/// <param name="idempotencyKey">The key that the task was submitted with, if one was.</param>
public sealed class ProducerUnavailableException(string message, Exception? innerException = null, string? idempotencyKey = null)
    : MessagingClientException(message, innerException)
{
    /// <summary>
    /// If a task was being submitted: its idempotency key. Whether the task was accepted is not known; submitted again with this key there is one
    /// in any case, and not two.
    /// </summary>
    public string? IdempotencyKey => idempotencyKey;
}
