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

    protected Task<DeadLetterAnswer> RetryAsync(Guid id, string? input = null) => Stage.RetryAsync(
        id, input is null ? default(ReadOnlyMemory<byte>?) : System.Text.Encoding.UTF8.GetBytes(input), CancellationToken.None);
}
