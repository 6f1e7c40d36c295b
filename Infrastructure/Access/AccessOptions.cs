using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Access;

/// <summary>How keys are treated. Bound from the configuration section <c>Messaging:Access</c>.</summary>
public sealed class AccessOptions
{
    /// <summary>
    /// How many requests a second each key may make on average, in each producer process, unless the key has a rate of its own. Default 0:
    /// no limit. A task of a batch counts as a request.
    /// </summary>
    [Range(0, NewKey.FastestRate)]
    public int RatePerSecond { get; set; }

    /// <summary>
    /// How much of the rate may be used at once: so many seconds' worth. Default 10 seconds. Shorter evens the load out; longer lets a
    /// client that has been quiet catch up.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RateWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the uses of keys are noted in the ledger. Default 1 minute: one statement for all keys that were used.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan NoteUseEvery { get; set; } = TimeSpan.FromMinutes(1);
}
