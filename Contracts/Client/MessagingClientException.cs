namespace Messaging.Contracts.Client;

/// <summary>What goes wrong between the client and the service, in contrast to what goes wrong in a task.</summary>
/// <param name="message">What, for people.</param>
/// <param name="innerException">What caused it.</param>
public class MessagingClientException(string message, Exception? innerException = null) : Exception(message, innerException);
