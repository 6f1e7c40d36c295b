using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Suspects;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// What happens to a suspect in the runner: it runs only with a place, and once it has run for a time without killing its worker, its mark
/// is taken off and its place goes to the next one, while it runs on as any other task.
/// </summary>
internal sealed class SuspectProbation(SuspectPlaces places, SuspectStage suspects, LedgerPulse pulse, TimeProvider time)
{
    /// <summary>The time for a suspect that was lost once. Four times as long with each further loss, so that what kills slowly is found too.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(2);

    /// <summary>How long a suspect must run.</summary>
    public static TimeSpan Of(int losses) => First * Math.Pow(4, Math.Clamp(losses, 1, 10) - 1);

    /// <summary>After the claim, which knows better than the copy who is a suspect. Not null: it is one and has no place.</summary>
    public GivenBack? Admit(TaskExecution execution)
    {
        if (execution.Claim.Losses == 0)
        {
            execution.Place?.Release(survived: false); // its mark was taken off since the copy was made
            execution.Place = null;
            return null;
        }

        // A copy from before its worker died, mostly in a pack. Handed back, it comes again marked and alone.
        execution.Place ??= places.TryTake(execution.Claim.Losses);
        return execution.Place is null ? new GivenBack(TimeSpan.Zero) : null;
    }

    /// <summary>Watches over a suspect that has started; never throws.</summary>
    public async Task WatchAsync(TaskExecution execution)
    {
        if (execution.Place is not { } place)
            return;
        try
        {
            await Task.Delay(Of(execution.Claim.Losses), time, place.GivenBack);
        }
        catch (OperationCanceledException)
        {
            return; // it has ended
        }

        for (var tries = 1; ; tries++)
        {
            try
            {
                // First the ledger, then the place: two marked ones could not be told from each other.
                await suspects.ClearAsync(execution.Copy.Id, execution.Fence, place.GivenBack);
                place.Release(survived: true);
                return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                if (LedgerErrors.IsTransient(e))
                    pulse.Failed(e);
                if (!await Backoff.PauseAsync(tries, time, place.GivenBack))
                    return;
            }
        }
    }
}
