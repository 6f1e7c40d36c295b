using Messaging.Infrastructure.Store;
using Npgsql;

namespace Messaging.Tests.Unit.Infrastructure.Store;

/// <summary>What is tried again, and what is the item's own fault.</summary>
public sealed class LedgerErrorsTests
{
    [TestCase(PostgresErrorCodes.DiskFull)]
    [TestCase(PostgresErrorCodes.OutOfMemory)]
    [TestCase(PostgresErrorCodes.TooManyConnections)]
    [TestCase(PostgresErrorCodes.AdminShutdown)]
    [TestCase(PostgresErrorCodes.CrashShutdown)]
    [TestCase(PostgresErrorCodes.CannotConnectNow)]
    [TestCase(PostgresErrorCodes.QueryCanceled)]
    [TestCase(PostgresErrorCodes.ConnectionFailure)]
    [TestCase(PostgresErrorCodes.LockNotAvailable)]
    [TestCase(PostgresErrorCodes.IoError)]
    [TestCase(PostgresErrorCodes.ReadOnlySqlTransaction)]
    [TestCase("25P03")]
    public void Trouble_with_the_server_is_tried_again_and_what_it_had_in_hand_is_looked_up_first(string code)
    {
        Assert.That(LedgerErrors.IsTransient(Error(code)), Is.True);
        Assert.That(LedgerErrors.IsUnclear(Error(code)), Is.True);
        Assert.That(LedgerErrors.IsDataError(Error(code)), Is.False);
    }

    [TestCase(PostgresErrorCodes.DeadlockDetected)]
    [TestCase(PostgresErrorCodes.SerializationFailure)]
    public void A_conflict_is_tried_again_and_has_surely_not_committed(string code)
    {
        Assert.That(LedgerErrors.IsTransient(Error(code)), Is.True);
        Assert.That(LedgerErrors.IsUnclear(Error(code)), Is.False);
    }

    [TestCase(PostgresErrorCodes.UniqueViolation)]
    [TestCase(PostgresErrorCodes.CharacterNotInRepertoire)]
    [TestCase(PostgresErrorCodes.ProgramLimitExceeded)]
    public void A_row_that_can_not_be_stored_is_not_tried_again(string code)
    {
        Assert.That(LedgerErrors.IsTransient(Error(code)), Is.False);
        Assert.That(LedgerErrors.IsDataError(Error(code)), Is.True);
    }

    [TestCase(PostgresErrorCodes.UndefinedTable)]
    [TestCase(PostgresErrorCodes.InvalidPassword)]
    [TestCase(PostgresErrorCodes.InsufficientPrivilege)]
    public void A_wrong_setting_or_statement_is_neither(string code)
    {
        Assert.That(LedgerErrors.IsTransient(Error(code)), Is.False);
        Assert.That(LedgerErrors.IsDataError(Error(code)), Is.False);
    }

    [Test]
    public void A_broken_or_timed_out_connection_is_tried_again()
    {
        Assert.That(LedgerErrors.IsTransient(new NpgsqlException("cut", new IOException())), Is.True);
        Assert.That(LedgerErrors.IsTransient(new ObjectDisposedException("System.Threading.ManualResetEventSlim")), Is.True);
        Assert.That(LedgerErrors.IsTransient(new ObjectDisposedException("something of ours")), Is.False);
        Assert.That(LedgerErrors.IsTransient(new TimeoutException()), Is.True);
        Assert.That(LedgerErrors.IsTransient(new OperationCanceledException()), Is.False, "whoever cancelled knows why");
    }

    private static PostgresException Error(string code) => new("", "ERROR", "ERROR", code);

    [Test]
    public void What_EF_Core_has_wrapped_is_judged_by_what_is_inside()
    {
        Assert.That(LedgerErrors.IsTransient(new InvalidOperationException("likely transient", new NpgsqlException("cut"))));
        Assert.That(LedgerErrors.IsTransient(new InvalidOperationException("ours")), Is.False);
    }
}
