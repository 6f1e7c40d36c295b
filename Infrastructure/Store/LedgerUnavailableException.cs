namespace Messaging.Infrastructure.Store;

/// <summary>The ledger could not take a write in time. Nothing is known to be stored; the caller may try again. HTTP answers 503.</summary>
public sealed class LedgerUnavailableException : Exception
{
    /// <summary>Says what could not be done.</summary>
    public LedgerUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
