using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Kinds;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Integration.Reconcile;

/// <summary>A transaction that has submitted by SQL may stay open for as long as it likes: what it has not committed is nobody's, and then is counted.</summary>
public sealed class OpenSubmitTests : ReconcileTest
{
    [Test]
    public async Task The_check_stops_before_what_an_open_transaction_has_submitted_and_counts_it_after_its_commit()
    {
        await SubmitEarlierAsync(5);
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var late = await SubmitTenMinutesAgoAsync(connection);

        var during = await CheckAsync();
        await transaction.CommitAsync();
        await Ledger.ExecuteAsync($"INSERT INTO messaging.outcomes (task_id, attempt, state) VALUES ('{late}', 1, 4)");
        await Ledger.ExecuteAsync($"DELETE FROM messaging.open_tasks WHERE id = '{late}'");
        var after = await CheckAsync();

        Assert.That((during.Accepted, during.Ended, during.Unaccounted), Is.EqualTo((0, 0, 0)), "five tasks are younger than the open transaction's");
        Assert.That((after.Accepted, after.Ended, after.Unaccounted), Is.EqualTo((6, 1, 0)));
    }

    [Test]
    public async Task A_transaction_that_is_rolled_back_holds_nothing_up()
    {
        await SubmitEarlierAsync(5);
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await SubmitTenMinutesAgoAsync(connection);
        await transaction.RollbackAsync();

        Assert.That((await CheckAsync()).Accepted, Is.EqualTo(5));
    }

    [Test]
    public async Task A_marker_judges_nothing_that_an_open_transaction_may_have_queued()
    {
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await SubmitTenMinutesAgoAsync(connection);

        var oldest = (DateTime)(await Ledger.ScalarAsync(MarkerSql.OldestWriter))!;
        var now = (DateTime)(await Ledger.ScalarAsync("SELECT clock_timestamp()"))!;
        Assert.That(now - oldest, Is.InRange(TimeSpan.FromMinutes(9.9), TimeSpan.FromMinutes(12)));
    }

    [Test]
    public async Task A_submit_says_since_when_it_is_open_and_its_end_takes_that_back()
    {
        await Ledger.Services.GetRequiredService<KindRegistry>().UpsertAsync([KindDescription.Of(typeof(DebugEcho))], CancellationToken.None);
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var submit = new NpgsqlCommand("""SELECT messaging.submit('debug.echo', '{"message":"x"}') FROM generate_series(1, 3)""", connection))
            await submit.ExecuteNonQueryAsync();
        var during = await Ledger.ScalarAsync("SELECT clock_timestamp() - messaging.submitting_since() BETWEEN interval '0' AND interval '2 minutes'");
        await transaction.CommitAsync();

        Assert.That(during, Is.EqualTo(true));
        Assert.That(await Ledger.ScalarAsync("SELECT messaging.submitting_since()"), Is.EqualTo(DBNull.Value));
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(Ledger.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>What <c>messaging.submit</c> would have done ten minutes ago.</summary>
    private async Task<Guid> SubmitTenMinutesAgoAsync(NpgsqlConnection connection)
    {
        var id = Guid.CreateVersion7(Ledger.Clock.Now - TimeSpan.FromMinutes(10));
        await using var command = new NpgsqlCommand(
            $$"""
            SELECT pg_advisory_xact_lock_shared(7021802, floor(extract(epoch FROM clock_timestamp() - interval '10 minutes') / 60)::integer);
            INSERT INTO messaging.tasks (id, kind, queue, input, timeout_ms, max_attempts) VALUES ('{{id}}', 'debug.echo', 'default', '{}', 1000, 1);
            INSERT INTO messaging.open_tasks (id, queue, state) VALUES ('{{id}}', 'default', 2);
            """,
            connection);
        await command.ExecuteNonQueryAsync();
        return id;
    }
}
