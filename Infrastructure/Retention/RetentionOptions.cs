using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Retention;

/// <summary>How long finished tasks stay. Bound from the configuration section <c>Messaging:Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>
    /// How long a task stays after it has ended, with its result, attempts, progress and tags. Default 30 days. Whole days (UTC, by the
    /// time of acceptance) are dropped, so it may be a day and an hour more.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00")]
    public TimeSpan Finished { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a dead letter stays after it has failed. Default 90 days; ignored when shorter than <see cref="Finished"/>.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00")]
    public TimeSpan DeadLetters { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long an entry of the audit log stays. Default 400 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00")]
    public TimeSpan Audit { get; set; } = TimeSpan.FromDays(400);

    /// <summary>How often it is looked for days to retire, over all processes together. Default 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>When it is tried again after a table could not be locked. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long it may wait for the lock. Default 2 seconds. Meanwhile whoever uses the tables waits behind it, so this is the longest
    /// that a submit can be held up; too short, and under load the lock is never had.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan LockWait { get; set; } = TimeSpan.FromSeconds(2);
}
