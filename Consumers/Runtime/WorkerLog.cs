using Messaging.Contracts.Handlers;

namespace Messaging.Consumers.Runtime;

/// <summary>What the worker runtime logs, one line each. Event ids 2000 to 2099. Nothing per successful task above Debug.</summary>
internal static partial class WorkerLog
{
    [LoggerMessage(2000, LogLevel.Information, "Worker {Worker} takes up to {Slots} tasks at once from {Queues}; it can run {Kinds}")]
    public static partial void Started(this ILogger log, Guid worker, int slots, string queues, string kinds);

    [LoggerMessage(2001, LogLevel.Information, "Stopping: nothing more starts; {Running} running tasks have {Seconds:0.#} s to end")]
    public static partial void Draining(this ILogger log, int running, double seconds);

    [LoggerMessage(2002, LogLevel.Warning, "{Running} tasks did not end in time: they are stopped and handed back")]
    public static partial void DrainTimedOut(this ILogger log, int running);

    [LoggerMessage(2003, LogLevel.Information, "Drained after {Seconds:0.#} s; {Left} tasks are left to be rescued by others")]
    public static partial void Drained(this ILogger log, double seconds, int left);

    [LoggerMessage(2004, LogLevel.Warning, "Told to stop a second time: not waiting any longer")]
    public static partial void Hurried(this ILogger log);

    [LoggerMessage(2005, LogLevel.Error, "Declared dead as {Dead}: {Running} running tasks are stopped, they belong to others now")]
    public static partial void ClaimsLost(this ILogger log, Guid dead, int running);

    [LoggerMessage(2006, LogLevel.Information, "Health is answered at {Address}")]
    public static partial void HealthAnswered(this ILogger log, string address);

    [LoggerMessage(2010, LogLevel.Debug, "{Kind} {Task} is not to be had: this copy is dropped")]
    public static partial void NotToBeHad(this ILogger log, string kind, Guid task);

    [LoggerMessage(2011, LogLevel.Debug, "{Kind} {Task} succeeded in attempt {Attempt}")]
    public static partial void Succeeded(this ILogger log, string kind, Guid task, int attempt);

    [LoggerMessage(2012, LogLevel.Information, "{Kind} {Task} failed in attempt {Attempt} of {MaxAttempts}, again in {Seconds:0.###} s: {Code}: {Message}")]
    public static partial void AttemptFailed(
        this ILogger log, string kind, Guid task, int attempt, int maxAttempts, double seconds, string code, string message);

    [LoggerMessage(2013, LogLevel.Warning, "{Kind} {Task} failed for good in attempt {Attempt}: {Code}: {Message}")]
    public static partial void FailedForGood(this ILogger log, string kind, Guid task, int attempt, string code, string message);

    [LoggerMessage(2014, LogLevel.Information, "{Kind} {Task} was cancelled in attempt {Attempt}")]
    public static partial void Cancelled(this ILogger log, string kind, Guid task, int attempt);

    [LoggerMessage(2015, LogLevel.Debug, "{Kind} {Task} was handed back")]
    public static partial void HandedBack(this ILogger log, string kind, Guid task);

    [LoggerMessage(2016, LogLevel.Warning, "{Kind} {Task} belongs to another worker by now: what this one did with it is not recorded")]
    public static partial void ClaimLost(this ILogger log, string kind, Guid task);

    [LoggerMessage(2017, LogLevel.Warning, "No handler for {Kind} here: {Task} is handed back, due in {Seconds:0.#} s")]
    public static partial void UnknownKind(this ILogger log, string kind, Guid task, double seconds);

    [LoggerMessage(2018, LogLevel.Warning, "The handler of {Kind} {Task} does not heed its token ({Reason}): recorded without it, its slot stays taken")]
    public static partial void HandlerAbandoned(this ILogger log, string kind, Guid task, StopReason reason);

    [LoggerMessage(2019, LogLevel.Warning, "The handler of {Kind} {Task} came back after {Seconds:0.#} s, when its attempt was recorded already")]
    public static partial void CameBackLate(this ILogger log, string kind, Guid task, double seconds);

    [LoggerMessage(2020, LogLevel.Error, "The ledger refuses what was to be recorded of {Task}: {Reason}")]
    public static partial void FinishRefused(this ILogger log, Guid task, string reason);

    [LoggerMessage(2021, LogLevel.Error, "{Kind} {Task} could not be recorded; its claim will be rescued when this worker is gone")]
    public static partial void NotRecorded(this ILogger log, string kind, Guid task);

    [LoggerMessage(2022, LogLevel.Debug, "{Tasks} tasks of {Queue} could not start in time and are handed back")]
    public static partial void NoRoom(this ILogger log, int tasks, string queue);

    [LoggerMessage(2023, LogLevel.Debug, "{Kind} {Task} snoozes for {Seconds:0.###} s")]
    public static partial void Snoozed(this ILogger log, string kind, Guid task, double seconds);

    [LoggerMessage(2024, LogLevel.Warning, "The commit of {Kind} {Task} was not answered ({Reason}): its fence will tell")]
    public static partial void CommitUnclear(this ILogger log, string kind, Guid task, string reason);

    [LoggerMessage(2025, LogLevel.Debug, "{Kind} {Task} is a suspect and others have the places: put off for {Seconds:0.0} s")]
    public static partial void SuspectPutOff(this ILogger log, string kind, Guid task, double seconds);

    [LoggerMessage(2030, LogLevel.Warning, "The ledger does not answer ({Reason}): running tasks go on, nothing new starts until it is back")]
    public static partial void LedgerAway(this ILogger log, string reason);

    [LoggerMessage(2031, LogLevel.Information, "The ledger answers again")]
    public static partial void LedgerBack(this ILogger log);

    [LoggerMessage(2032, LogLevel.Warning, "{Reports} progress reports could not be written: {Reason}")]
    public static partial void ProgressNotWritten(this ILogger log, int reports, string reason);

    [LoggerMessage(2040, LogLevel.Error, "The runner failed at {Kind} {Task}; it is handed back")]
    public static partial void RunnerFailed(this ILogger log, Exception error, string kind, Guid task);

    [LoggerMessage(2041, LogLevel.Error, "The recorder failed at {Kind} {Task}; its claim will be rescued when this worker is gone")]
    public static partial void RecorderFailed(this ILogger log, Exception error, string kind, Guid task);

    [LoggerMessage(2042, LogLevel.Error, "A round of watching over the running tasks failed")]
    public static partial void WatchFailed(this ILogger log, Exception error);
}
