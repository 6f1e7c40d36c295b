namespace Messaging.Contracts.Client.Http;

/// <summary>How long one try may be silent, in both directions. Its token is cancelled then, and when the caller gives up.</summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _either;
    private readonly TimeSpan _longest;

    public Patience(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        _longest = longest;
        _silence = new CancellationTokenSource(longest, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_silence.Token, cancellationToken);
    }

    /// <summary>What is under way goes by it.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Something was heard, or taken: the time begins anew.</summary>
    public void Renew()
    {
        try
        {
            _silence.CancelAfter(_longest);
        }
        catch (ObjectDisposedException)
        {
            // The try is over, and what was given up is still being sent.
        }
    }

    /// <summary>The exception for a silence that was too long.</summary>
    public TimeoutException Exception(Uri address, Exception inner) => new(
        _silence.IsCancellationRequested ? $"{address} was silent for {_longest.TotalSeconds:0.###} s." : $"{address} can't be reached: {inner.Message}", inner);

    /// <inheritdoc/>
    public void Dispose()
    {
        _either.Dispose();
        _silence.Dispose();
    }
}
