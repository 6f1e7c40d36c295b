using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>What the way to and from the broker logs. Event ids 1300 to 1399.</summary>
internal static partial class BrokerLog
{
    [LoggerMessage(1300, LogLevel.Information, "The bus for {Bus} has started")]
    public static partial void BusStarted(this ILogger log, string bus);

    [LoggerMessage(1301, LogLevel.Warning, "The bus for {Bus} could not be started, trying again: {Reason}")]
    public static partial void BusNotStarted(this ILogger log, string bus, string reason);

    [LoggerMessage(1302, LogLevel.Warning, "The bus for {Bus} is replaced: {Reason}")]
    public static partial void BusReplaced(this ILogger log, string bus, string reason);

    [LoggerMessage(1303, LogLevel.Warning, "The bus for {Bus} did not stop cleanly: {Reason}")]
    public static partial void BusNotStopped(this ILogger log, string bus, string reason);

    [LoggerMessage(1304, LogLevel.Debug, "The bus for {Bus} stops before it could start")]
    public static partial void BusStopping(this ILogger log, string bus);

    [LoggerMessage(1310, LogLevel.Error, "A message in {Queue} can't be read and goes to " + QueueNames.Rejected + ": {Reason}")]
    public static partial void Rejected(this ILogger log, string queue, string reason);

    [LoggerMessage(1311, LogLevel.Warning, "A message from {Queue} could not be put into " + QueueNames.Rejected + " yet, trying again: {Reason}")]
    public static partial void NotRejected(this ILogger log, string queue, string reason);

    [LoggerMessage(1312, LogLevel.Error, "A delivery from {Queue} failed outside of its tasks and goes back to the queue: {Reason}")]
    public static partial void DeliveryFailed(this ILogger log, string queue, string reason, Exception exception);

    [LoggerMessage(1313, LogLevel.Debug, "A delivery from {Queue} could not be settled with the broker, which will deliver it again: {Reason}")]
    public static partial void NotAcknowledged(this ILogger log, string queue, string reason);

    [LoggerMessage(1314, LogLevel.Warning, "{Tasks} tasks that the broker gave up delivering go back to the outbox")]
    public static partial void DeadTasksRequeued(this ILogger log, int tasks);

    [LoggerMessage(1315, LogLevel.Warning, "Tasks that the broker gave up delivering can't be put into the outbox yet, trying again: {Reason}")]
    public static partial void DeadTasksNotRequeued(this ILogger log, string reason);

    [LoggerMessage(1316, LogLevel.Information, "Listening to what other processes say of changed tasks")]
    public static partial void ListeningToChanges(this ILogger log);

    [LoggerMessage(1317, LogLevel.Information, "Nothing is heard of changed tasks, the ledger is read more often instead, until the broker is back: {Reason}")]
    public static partial void NotListeningToChanges(this ILogger log, string reason);

    [LoggerMessage(1318, LogLevel.Debug, "Other processes could not be told of changed tasks: {Reason}")]
    public static partial void ChangesNotTold(this ILogger log, string reason);

    [LoggerMessage(1319, LogLevel.Warning, "A message about changed tasks can't be read and is dropped: {Reason}")]
    public static partial void ChangesNotRead(this ILogger log, string reason);

    [LoggerMessage(1320, LogLevel.Debug, "The watch over the consumers ends")]
    public static partial void WatchStopped(this ILogger log);

    [LoggerMessage(1321, LogLevel.Warning, "The broker can't be asked how it is: {Reason}")]
    public static partial void BrokerAway(this ILogger log, string reason);

    [LoggerMessage(1322, LogLevel.Warning, "{Ready} messages wait in {Queue}, there is room, and nothing came for {Seconds:0} s: its channel is opened anew")]
    public static partial void ChannelReopened(this ILogger log, string queue, uint ready, double seconds);

    [LoggerMessage(1323, LogLevel.Critical, "This process ends, for its supervisor to start another: {Reason}")]
    public static partial void GivenUp(this ILogger log, string reason);

    [LoggerMessage(1324, LogLevel.Information, "Taking tasks from " + QueueNames.Submit)]
    public static partial void TakingSubmits(this ILogger log);

    [LoggerMessage(1325, LogLevel.Information, "No tasks are taken from " + QueueNames.Submit + " for now, they wait there: {Reason}")]
    public static partial void NotTakingSubmits(this ILogger log, string reason);

    [LoggerMessage(1326, LogLevel.Warning, "A message in " + QueueNames.Submit + " can't become a task and goes to " + QueueNames.SubmitRejected + ": {Reason}")]
    public static partial void SubmitRejected(this ILogger log, string reason);

    [LoggerMessage(1327, LogLevel.Warning, "A message could not be put into " + QueueNames.SubmitRejected + " yet, trying again: {Reason}")]
    public static partial void SubmitNotRejected(this ILogger log, string reason);

    [LoggerMessage(1328, LogLevel.Error, "A message in " + QueueNames.Submit + " could not be dealt with and goes back: {Reason}")]
    public static partial void SubmitFailed(this ILogger log, string reason, Exception exception);

    [LoggerMessage(1329, LogLevel.Information, "Whoever asks for an answer to a task over AMQP gets none for {Seconds:0} s: {Reason}")]
    public static partial void RepliesNotSent(this ILogger log, double seconds, string reason);

    [LoggerMessage(1330, LogLevel.Debug, "A message in " + QueueNames.Submit + " could not be settled and comes again: {Reason}")]
    public static partial void SubmitNotAcknowledged(this ILogger log, string reason);
}
