namespace Messaging.Tests.Chaos;

/// <summary>The end of a run: what the ledger says beside what was accepted.</summary>
/// <param name="Accepted">Tasks answered with 202.</param>
/// <param name="Stored">Tasks in the ledger; more than accepted by those of answers that were lost.</param>
/// <param name="Ended">Outcomes.</param>
/// <param name="Open">Open tasks; must be 0.</param>
/// <param name="Outbox">Outbox rows; must be 0.</param>
/// <param name="Missing">Accepted tasks without an outcome; must be 0.</param>
/// <param name="WrongEnds">Tasks that ended in another state than they had to, by "should be, is"; must be empty.</param>
/// <param name="States">Outcomes by state.</param>
/// <param name="MostAttempts">The highest attempt number.</param>
/// <param name="Rescued">Claims taken over from dead workers.</param>
public sealed record LedgerCheck(
    int Accepted,
    long Stored,
    long Ended,
    long Open,
    long Outbox,
    int Missing,
    IReadOnlyDictionary<string, int> WrongEnds,
    IReadOnlyDictionary<string, int> States,
    int MostAttempts,
    long Rescued)
{
    private static readonly string[] StateNames = ["scheduled", "waiting", "queued", "running", "succeeded", "failed", "cancelled", "expired"];

    /// <summary>True if everything accepted has ended once, as it had to, and nothing is left.</summary>
    public bool IsClean => Open == 0 && Outbox == 0 && Missing == 0 && WrongEnds.Count == 0 && Stored == Ended;

    /// <summary>Awaits that nothing is open and nothing unpublished; false if that does not come within the limit.</summary>
    public static async Task<bool> DrainAsync(ChaosSystem system, TimeSpan limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(system);
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < limit)
        {
            if (await CountAsync(system, "open_tasks", cancellationToken) == 0 && await CountAsync(system, "outbox", cancellationToken) == 0)
                return true;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, cancellationToken);
        }

        return false;
    }

    /// <summary>Reads the ledger whole.</summary>
    public static async Task<LedgerCheck> ReadAsync(ChaosSystem system, IReadOnlyDictionary<Guid, string?> accepted, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(accepted);
        var outcomes = await system.QueryAsync(
            "SELECT task_id, state, attempt FROM messaging.outcomes",
            row => (Id: row.GetGuid(0), State: StateNames[row.GetInt16(1)], Attempt: row.GetInt32(2)),
            cancellationToken);
        var ends = outcomes.ToDictionary(o => o.Id, o => o.State);
        return new LedgerCheck(
            accepted.Count,
            await CountAsync(system, "tasks", cancellationToken),
            outcomes.Count,
            await CountAsync(system, "open_tasks", cancellationToken),
            await CountAsync(system, "outbox", cancellationToken),
            accepted.Keys.Count(id => !ends.ContainsKey(id)),
            Count(accepted.Where(a => ends.TryGetValue(a.Key, out var end) && !Fits(a.Value, end)).Select(a => $"{a.Value ?? "cancelled"}, {ends[a.Key]}")),
            Count(outcomes.Select(o => o.State)),
            outcomes.Count == 0 ? 0 : outcomes.Max(o => o.Attempt),
            await CountAsync(system, "attempts WHERE outcome = 'worker-lost'", cancellationToken));
    }

    private static bool Fits(string? wanted, string end) => wanted is null ? end is "cancelled" or "succeeded" : end == wanted;

    private static Dictionary<string, int> Count(IEnumerable<string> words) => words.CountBy(word => word).ToDictionary(StringComparer.Ordinal);

    private static async Task<long> CountAsync(ChaosSystem system, string from, CancellationToken cancellationToken) =>
        (await system.QueryAsync($"SELECT count(*) FROM messaging.{from}", row => row.GetInt64(0), cancellationToken)).Single();
}
