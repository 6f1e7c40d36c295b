namespace Messaging.Contracts.Messages;

/// <summary>
/// The answer to a task published to <c>messaging.submit</c> with the property <c>reply_to</c>. A message that was refused is answered with its problem instead
/// (<c>application/problem+json</c>).
/// </summary>
/// <param name="Status">202.</param>
/// <param name="Id">The task, or the one that a message with the same <c>id</c> has made before.</param>
/// <param name="Replayed">True if it was made before; otherwise left out.</param>
public sealed record SubmitReply(int Status, Guid Id, bool? Replayed = null);
