using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Tests.Integration.Store;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.DeadLetters;

/// <summary>A fixture that can make dead letters.</summary>
public abstract class DeadLetterTest : LedgerTest
{
    protected static readonly TaskFailure Broken = new(FailureCodes.HandlerError, "It broke.", true);

    protected DeadLetterStage Stage => Ledger.Services.GetRequiredService<DeadLetterStage>();

    protected DeadLetterSearch Search => Ledger.Services.GetRequiredService<DeadLetterSearch>();

    /// <summary>Runs that many tasks which fail for good, and answers their ids in the order of acceptance.</summary>
    protected async Task<Guid[]> FailAsync(int count, TaskFailure? failure = null, string? fingerprint = null)
    {
        var worker = Guid.NewGuid();
        var claimed = await Ledger.ClaimManyAsync(count, worker);
        await Task.WhenAll(claimed.Select(c => Ledger.Finish.FinishAsync(
            new Ended(c.Id, c.Claim.Fence, 1, TaskState.Failed, null, failure ?? Broken) { Fingerprint = fingerprint }, CancellationToken.None).AsTask()));
        await Ledger.ExecuteAsync("DELETE FROM messaging.outbox");
        return [.. claimed.Select(c => c.Id).Order()];
    }

    /// <summary>
    /// Stores 9,000 dead letters, more than any first chunk holds, two of a moment: in turns of three kinds, each of two causes at least. One cause
    /// of kind.1 is met late only, by newest and by oldest; so is the only one of the kind "rare". Those of kind.2 get their fingerprints from the
    /// ledger.
    /// </summary>
    protected async Task StoreManyKindsAsync() => await Ledger.ExecuteAsync(
        """
        CREATE TEMP TABLE made AS
        SELECT n, messaging.uuid_floor(now() - n * interval '1 ms') AS id, CASE n WHEN 6600 THEN 'rare' ELSE 'kind.' || n % 3 END AS kind,
               CASE WHEN n = 6600 THEN '00000000000000ff' WHEN n % 3 = 1 AND n BETWEEN 6500 AND 6900 THEN '00000000000000b9'
                    WHEN n % 3 = 0 THEN '00000000000000a' || (n % 4)::bool::int WHEN n % 3 = 1 THEN '00000000000000b' || n % 2 END AS fingerprint,
               CASE WHEN n % 5 = 0 THEN ARRAY['red'] END AS tags
        FROM generate_series(1, 9000) AS n;
        INSERT INTO messaging.tasks (id, timeout_ms, max_attempts, kind, queue, input, tags)
        SELECT id, 1000, 1, kind, CASE WHEN n % 7 = 0 THEN 'side' ELSE 'default' END, '1', tags FROM made;
        INSERT INTO messaging.task_tags (task_id, tag) SELECT id, 'red' FROM made WHERE tags IS NOT NULL;
        INSERT INTO messaging.outcomes (task_id, attempt, state, fingerprint, finished_at, failure)
        SELECT id, 1, 5, fingerprint, now() - n / 2 * interval '1 ms', '{"code":"code-' || n % 2 || '","message":"It broke.","retryable":true}' FROM made
        """);

    protected Task<DeadLetterAnswer> RetryAsync(Guid id, string? input = null) => Stage.RetryAsync(
        id, input is null ? default(ReadOnlyMemory<byte>?) : System.Text.Encoding.UTF8.GetBytes(input), CancellationToken.None);
}
