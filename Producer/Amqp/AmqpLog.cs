namespace Messaging.Producer.Amqp;

/// <summary>What the AMQP door logs. Event ids 3100 to 3149.</summary>
internal static partial class AmqpLog
{
    [LoggerMessage(3100, LogLevel.Warning, "Tasks that came over AMQP wait for the ledger: {Reason}")]
    public static partial void SubmitsWait(this ILogger log, string reason);

    [LoggerMessage(3101, LogLevel.Warning, "Tasks that came over AMQP wait for room in the queue {Queue}")]
    public static partial void SubmitsWaitForRoom(this ILogger log, string? queue);

    [LoggerMessage(3102, LogLevel.Error, "A message that had passed every check could not be stored")]
    public static partial void MessageNotStored(this ILogger log, Exception exception);
}
