using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Maintenance;

/// <summary>What the background loops log. Event ids 1100 to 1199.</summary>
internal static partial class MaintenanceLog
{
    [LoggerMessage(1100, LogLevel.Warning, "A heartbeat could not be written: {Reason}")]
    public static partial void BeatMissed(this ILogger log, string reason);

    [LoggerMessage(1101, LogLevel.Error, "This process was declared dead as {Dead}; it goes on as {Renewed}, and what it was running is lost to it")]
    public static partial void DeclaredDead(this ILogger log, Guid dead, Guid renewed);

    [LoggerMessage(1102, LogLevel.Warning, "This process could not take itself off the list ({Reason}); others will in a few seconds")]
    public static partial void NotDeregistered(this ILogger log, string reason);

    [LoggerMessage(1110, LogLevel.Warning, "Instance {Dead} has not beaten for {Seconds:0.#} s and is declared dead: {Tasks} of its tasks are queued again")]
    public static partial void Rescued(this ILogger log, Guid dead, double seconds, int tasks);

    [LoggerMessage(1111, LogLevel.Warning, "{Tasks} tasks were claimed in the name of instances that no longer exist and are queued again")]
    public static partial void OrphansRescued(this ILogger log, int tasks);

    [LoggerMessage(1112, LogLevel.Warning, "The instances could not be checked: {Reason}")]
    public static partial void CheckFailed(this ILogger log, string reason);

    [LoggerMessage(1113, LogLevel.Error, "Task {Task} has killed its worker {Times} times as the only suspect on it and is a dead letter")]
    public static partial void KillsItsWorkers(this ILogger log, Guid task, int times);

    [LoggerMessage(1120, LogLevel.Information, "{Count} partitions were created ahead")]
    public static partial void PartitionsMade(this ILogger log, int count);

    [LoggerMessage(1121, LogLevel.Warning, "Partitions could not be created ahead, trying again in a minute: {Reason}")]
    public static partial void PartitionsNotMade(this ILogger log, string reason);
}
