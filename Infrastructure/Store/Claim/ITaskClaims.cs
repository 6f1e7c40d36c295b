namespace Messaging.Infrastructure.Store.Claim;

/// <summary>What decides who may run a task.</summary>
public interface ITaskClaims
{
    /// <summary>Claims several tasks at once; answers in their order, each as if it had come alone. May complete before it returns.</summary>
    /// <param name="requests">The tasks, with a fence each.</param>
    /// <param name="cancellationToken">Ends the wait, not a claim that is under way.</param>
    /// <returns>For each its claim, or null: it is not to be had (running elsewhere, ended, cancelled, rescheduled, past its deadline); drop the copy.</returns>
    /// <exception cref="LedgerUnavailableException">The ledger did not answer in time. Asking again with the same fences is safe.</exception>
    ValueTask<Claimed?[]> ClaimAsync(IReadOnlyList<ClaimRequest> requests, CancellationToken cancellationToken);
}
