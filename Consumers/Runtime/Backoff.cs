namespace Messaging.Consumers.Runtime;

/// <summary>The pauses between tries while the ledger is away: 1 second, doubling up to 10.</summary>
internal static class Backoff
{
    /// <summary>The pause after a number of failed tries, from 1.</summary>
    public static TimeSpan After(int tries) => TimeSpan.FromSeconds(Math.Min(10, Math.Pow(2, tries - 1)));

    /// <summary>Waits that long; false if the token came first.</summary>
    public static async Task<bool> PauseAsync(int tries, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(After(tries), time, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
