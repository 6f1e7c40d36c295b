using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>How idempotency keys are kept. Bound from the configuration section <c>Messaging:Idempotency</c>.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>
    /// How long a key is remembered after it has made its task; then it may make another. Default 24 hours; at least 15 minutes, which is
    /// longer than any write waits for the ledger (<see cref="Connections.LedgerOptions.MaxWait"/>). Must be longer than any caller goes on repeating a
    /// request; each key takes about 200 bytes meanwhile. A change holds for keys that come later.
    /// </summary>
    [Range(typeof(TimeSpan), "00:15:00", "366.00:00:00", ErrorMessage = "Messaging:Idempotency:KeepFor must be from 15 minutes (00:15:00) to 366 days (366.00:00:00).")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How long a request waits for another one that is making a task with its key, before it is told to come back. Default 2 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00", ErrorMessage = "Messaging:Idempotency:MaxUndecided must be from 0.1 s to 1 minute (00:01:00).")]
    public TimeSpan MaxUndecided { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often expired keys are removed, over all processes together. Default 1 minute. Expired is a key at its time, not when it is removed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ErrorMessage = "Messaging:Idempotency:RemoveEvery must be from 0.1 s to 1 day.")]
    public TimeSpan RemoveEvery { get; set; } = TimeSpan.FromMinutes(1);
}
