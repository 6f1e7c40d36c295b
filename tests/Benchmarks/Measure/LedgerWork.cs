namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What Postgres wrote; as a difference of two readings, meanwhile.</summary>
/// <param name="WalBytes">Bytes of its write-ahead log, of the whole server.</param>
/// <param name="Transactions">Transactions that wrote something, of the whole server.</param>
internal readonly record struct LedgerWork(long WalBytes, long Transactions)
{
    /// <summary>What came between.</summary>
    public static LedgerWork operator -(LedgerWork later, LedgerWork earlier) => new(later.WalBytes - earlier.WalBytes, later.Transactions - earlier.Transactions);
}
