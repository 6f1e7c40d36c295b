using System.Diagnostics;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Retention;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Tests.Integration.Retention;

/// <summary>Days that are dropped, and what stays of them. Tasks of long ago are submitted with ids of that time.</summary>
[CancelAfter(60_000)]
public sealed class RetentionKeeperTests
{
    // Yesterday to a week ahead.
    private const int Present = 9;

    private static readonly string[] Tables = ["tasks", "outcomes", "attempts", "task_events", "task_tags"];

    private TestLedger _ledger = null!;
    private long _claims;

    private RetentionKeeper Keeper => _ledger.Services.GetRequiredService<RetentionKeeper>();

    [SetUp]
    public async Task MakeLedger()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Messaging:Retention:LockWait"] = "00:00:00.500" })
            .Build();
        _ledger = await TestLedger.CreateAsync(services => services.AddRetention(configuration));
        foreach (var daysAgo in new[] { 41, 40, 20 })
            await _ledger.ExecuteAsync($"SELECT messaging.ensure_partitions((now() AT TIME ZONE 'UTC')::date - {daysAgo}, 1)");
    }

    [TearDown]
    public async Task DropLedger() => await _ledger.DisposeAsync();

    [Test]
    public async Task An_old_day_is_dropped_whole_and_a_younger_one_stays()
    {
        var old = await EndedAsync(40, TaskState.Succeeded, ended: 40);
        var young = await EndedAsync(20, TaskState.Succeeded, ended: 20);

        Assert.That(await Keeper.RetireAsync(CancellationToken.None), Is.EqualTo(2));

        foreach (var table in Tables)
            Assert.That(await PartitionsAsync(table), Is.EqualTo(Present + 1), table);
        Assert.That(await StoredAsync(old), Is.EqualTo((0, 0, 0)));
        Assert.That(await StoredAsync(young), Is.EqualTo((1, 1, 1)));
        Assert.That(await Keeper.RetireAsync(CancellationToken.None), Is.Zero);
    }

    [Test]
    public async Task Open_tasks_dead_letters_and_what_ended_lately_stay_with_all_that_belongs_to_them()
    {
        var gone = await EndedAsync(40, TaskState.Succeeded, ended: 40);
        var dead = await EndedAsync(40, TaskState.Failed, ended: 40);
        var late = await EndedAsync(40, TaskState.Succeeded, ended: 3);
        var open = await SubmitAsync(40);
        await Keeper.RetireAsync(CancellationToken.None);

        Assert.That(await StoredAsync(gone), Is.EqualTo((0, 0, 0)));
        Assert.That(await StoredAsync(dead), Is.EqualTo((1, 1, 1)));
        Assert.That(await StoredAsync(late), Is.EqualTo((1, 1, 1)));
        Assert.That(await StoredAsync(open), Is.EqualTo((1, 0, 1)));
        Assert.That(await _ledger.CountAsync($"attempts WHERE task_id = '{dead}'"), Is.EqualTo(1));
        Assert.That(await _ledger.CountAsync("tasks"), Is.EqualTo(3));

        // It can still be run, and be found.
        await EndAsync(open, TaskState.Succeeded);
        Assert.That(await StoredAsync(open), Is.EqualTo((1, 1, 1)));
        Assert.That(await Keeper.RetireAsync(CancellationToken.None), Is.Zero, "most of what was kept is still to be kept");
    }

    [Test]
    public async Task A_task_stays_while_a_callback_about_it_is_on_its_way_or_waits_for_a_person()
    {
        var told = await EndedAsync(40, TaskState.Succeeded, ended: 40);
        var underWay = await EndedAsync(40, TaskState.Succeeded, ended: 40);
        var failed = await EndedAsync(40, TaskState.Succeeded, ended: 40);
        var discarded = await EndedAsync(40, TaskState.Succeeded, ended: 40);
        foreach (var (task, sender) in new[] { (told, 1), (underWay, 2), (failed, 3), (discarded, 4) })
        {
            await _ledger.ExecuteAsync(
                $"""
                INSERT INTO messaging.callback_deliveries (task_id, id, message_id, happened, attempt, event)
                VALUES ('{task}', messaging.uuid_floor(now() - interval '1 s' * {sender}), '{task}', now(), 1, 4)
                """);
        }

        await _ledger.ExecuteAsync(
            """
            INSERT INTO messaging.outcomes (task_id, attempt, state, discarded_at)
            SELECT id, 1, CASE WHEN task_id = $1 THEN 4 ELSE 5 END, CASE WHEN task_id = $4 THEN now() END FROM messaging.callback_deliveries WHERE task_id <> $2;
            INSERT INTO messaging.open_tasks (id, queue, state) SELECT id, 'callbacks', 2 FROM messaging.callback_deliveries WHERE task_id = $2
            """.Replace("$1", $"'{told}'", StringComparison.Ordinal).Replace("$2", $"'{underWay}'", StringComparison.Ordinal).Replace("$4", $"'{discarded}'", StringComparison.Ordinal));
        await Keeper.RetireAsync(CancellationToken.None);

        Assert.That(await StoredAsync(told), Is.EqualTo((0, 0, 0)));
        Assert.That(await StoredAsync(discarded), Is.EqualTo((0, 0, 0)));
        Assert.That(await StoredAsync(underWay), Is.EqualTo((1, 1, 1)));
        Assert.That(await StoredAsync(failed), Is.EqualTo((1, 1, 1)));
        Assert.That(await _ledger.CountAsync("callback_deliveries"), Is.EqualTo(2));
    }

    [Test]
    public async Task What_was_kept_goes_when_its_time_has_come()
    {
        var dead = await EndedAsync(40, TaskState.Failed, ended: 40);
        await Keeper.RetireAsync(CancellationToken.None);
        var kept = await StoredAsync(dead);
        await _ledger.ExecuteAsync("UPDATE messaging.outcomes SET finished_at = now() - interval '91 days'");

        Assert.That(await Keeper.RetireAsync(CancellationToken.None), Is.EqualTo(1));

        Assert.That(kept, Is.EqualTo((1, 1, 1)));
        Assert.That(await StoredAsync(dead), Is.EqualTo((0, 0, 0)));
        Assert.That(await PartitionsAsync("tasks"), Is.EqualTo(Present + 1), "an empty day has no partition");
    }

    [Test]
    public async Task While_somebody_reads_for_long_it_gives_up_in_time_and_submits_wait_no_longer()
    {
        var old = await EndedAsync(40, TaskState.Succeeded, ended: 40);
        await using var reader = new NpgsqlConnection(_ledger.ConnectionString);
        await reader.OpenAsync();
        await using var snapshot = await reader.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var read = new NpgsqlCommand("SELECT count(*) FROM messaging.tasks", reader, snapshot))
            await read.ExecuteScalarAsync();

        var watch = Stopwatch.StartNew();
        var retiring = Keeper.RetireAsync(CancellationToken.None);
        var longest = TimeSpan.Zero;
        while (!retiring.IsCompleted)
        {
            var begun = watch.Elapsed;
            await _ledger.SubmitManyAsync(1);
            longest = watch.Elapsed - begun > longest ? watch.Elapsed - begun : longest;
        }

        var whileRead = await retiring;
        await snapshot.CommitAsync();
        var afterwards = await Keeper.RetireAsync(CancellationToken.None);

        Assert.That(whileRead, Is.Null);
        Assert.That(longest, Is.LessThan(TimeSpan.FromSeconds(5)), "half a second, on a busy machine");
        Assert.That(afterwards, Is.EqualTo(2));
        Assert.That(await StoredAsync(old), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task A_task_that_a_person_retries_meanwhile_stays()
    {
        // The race is won or lost, never timed out.
        _ledger.Services.GetRequiredService<IOptions<RetentionOptions>>().Value.LockWait = TimeSpan.FromSeconds(20);
        var old = await EndedAsync(41, TaskState.Failed, ended: 100); // of the day that comes first
        await using var person = new NpgsqlConnection(_ledger.ConnectionString);
        await person.OpenAsync();
        await using var retry = await person.BeginTransactionAsync();
        await using (var open = new NpgsqlCommand(
            $"DELETE FROM messaging.outcomes WHERE task_id = '{old}'; INSERT INTO messaging.open_tasks (id, state, queue) VALUES ('{old}', 2, 'default')",
            person,
            retry))
            await open.ExecuteNonQueryAsync();

        var retiring = Keeper.RetireAsync(CancellationToken.None);
        await Eventually.TrueAsync(async _ => retiring.IsCompleted || await WaitingForLocksAsync() > 0);
        await retry.CommitAsync();

        Assert.That(await retiring, Is.Null, "it is tried again later");
        Assert.That(await StoredAsync(old), Is.EqualTo((1, 0, 1)));
        Assert.That(await Keeper.RetireAsync(CancellationToken.None), Is.EqualTo(2));
        Assert.That(await StoredAsync(old), Is.EqualTo((1, 0, 1)), "kept, now that it is known to be open");
    }

    [Test]
    public async Task Under_load_nothing_deadlocks_and_nothing_is_lost()
    {
        using var enough = new CancellationTokenSource();
        var accepted = 0L;
        var load = Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                foreach (var id in await _ledger.SubmitManyAsync(20))
                    await EndAsync(id, n == 0 ? TaskState.Failed : TaskState.Succeeded);
                Interlocked.Add(ref accepted, 20);
            }
        })).ToArray();

        var retired = 0;
        await Eventually.TrueAsync(
            async token =>
            {
                retired += await Keeper.RetireAsync(token) ?? 0;
                return await PartitionsAsync("tasks") == Present + 1;
            },
            TimeSpan.FromSeconds(40));
        await enough.CancelAsync();
        await Task.WhenAll(load);

        Assert.That(await _ledger.CountAsync("outcomes"), Is.EqualTo(accepted));
        Assert.That(await _ledger.ScalarAsync("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), Is.Zero);
    }

    [Test]
    public async Task New_partitions_are_made_after_days_were_retired()
    {
        await Keeper.RetireAsync(CancellationToken.None);
        await _ledger.ExecuteAsync("DO $$ BEGIN EXECUTE 'DROP TABLE messaging.tasks_' || to_char((now() AT TIME ZONE 'UTC')::date + 7, 'YYYYMMDD'); END $$");

        Assert.That(await _ledger.Services.GetRequiredService<PartitionKeeper>().EnsureAsync(CancellationToken.None), Is.EqualTo(1));
    }

    private async Task<Guid> SubmitAsync(int daysAgo)
    {
        var id = Guid.CreateVersion7(_ledger.Clock.Now.AddDays(-daysAgo));
        await _ledger.Submit.SubmitAsync(_ledger.NewTask(tags: ["blue", "round"]) with { Id = id }, CancellationToken.None);
        return id;
    }

    private async Task EndAsync(Guid id, TaskState state)
    {
        var fence = new Fence(Guid.NewGuid(), Interlocked.Increment(ref _claims));
        await _ledger.Claim.ClaimAsync(new ClaimRequest(id, fence), CancellationToken.None);
        var failure = state == TaskState.Failed ? new TaskFailure("test", "It failed.", false, null) : null;
        var answer = await _ledger.Finish.FinishAsync(
            new Ended(id, fence, 1, state, failure is null ? "1"u8.ToArray() : default(ReadOnlyMemory<byte>?), failure), CancellationToken.None);
        Assert.That(answer, Is.EqualTo(FinishAnswer.Recorded));
    }

    /// <summary>A task accepted and ended that many days ago.</summary>
    private async Task<Guid> EndedAsync(int daysAgo, TaskState state, int ended)
    {
        var id = await SubmitAsync(daysAgo);
        await EndAsync(id, state);
        await _ledger.ExecuteAsync($"UPDATE messaging.outcomes SET finished_at = now() - interval '{ended} days' WHERE task_id = '{id}'");
        return id;
    }

    /// <summary>Rows of a task, its outcome, and whether both of its tags are there.</summary>
    private async Task<(long Tasks, long Outcomes, long Tags)> StoredAsync(Guid id) => (
        await _ledger.CountAsync($"tasks WHERE id = '{id}'"),
        await _ledger.CountAsync($"outcomes WHERE task_id = '{id}'"),
        await _ledger.CountAsync($"task_tags WHERE task_id = '{id}'") / 2);

    private async Task<long> WaitingForLocksAsync() =>
        (long)(await _ledger.ScalarAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))!;

    private async Task<long> PartitionsAsync(string table) =>
        (long)(await _ledger.ScalarAsync($"SELECT count(*) FROM pg_inherits WHERE inhparent = 'messaging.{table}'::regclass"))!;
}
