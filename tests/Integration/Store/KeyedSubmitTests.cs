using System.Diagnostics;
using System.Diagnostics.Metrics;
using Messaging.Infrastructure.Retention;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Faults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

/// <summary>One key, one task: whatever comes at once, in one batch, in several, after a lost answer, beside bad neighbours.</summary>
[CancelAfter(60_000)]
public sealed class KeyedSubmitTests : LedgerTest
{
    private static readonly Guid SomeRequest = new("11111111-1111-1111-1111-111111111111");
    private static readonly Guid AnotherRequest = new("22222222-2222-2222-2222-222222222222");

    [Test]
    public async Task A_key_makes_one_task_and_answers_it_again()
    {
        var task = Keyed("k");
        var first = await SubmitAsync(task);
        var again = await SubmitAsync(Keyed("k"));
        var other = await SubmitAsync(Keyed("other"));

        Assert.That(first, Is.EqualTo(new SubmitAnswer(SubmitOutcome.Accepted, task.Id)));
        Assert.That(again, Is.EqualTo(new SubmitAnswer(SubmitOutcome.Replayed, task.Id)));
        Assert.That(other.Outcome, Is.EqualTo(SubmitOutcome.Accepted));
        await StoredAsync(2);
    }

    [Test]
    public async Task A_key_with_another_request_is_a_conflict_and_spoils_nothing_else()
    {
        var task = Keyed("taken");
        await SubmitAsync(task);
        using var repeated = new MetricCollector(Ledger.Services.GetRequiredService<IMeterFactory>(), "messaging.submit.repeated");
        var many = Enumerable.Range(0, 300).Select(i => i == 150 ? Keyed("taken", AnotherRequest) : Keyed($"k{i}")).ToArray();

        var answers = await Task.WhenAll(many.Select(SubmitAsync));

        Assert.That(answers[150], Is.EqualTo(new SubmitAnswer(SubmitOutcome.KeyConflict, task.Id)));
        Assert.That(answers.Where((_, i) => i != 150).Select(a => a.Outcome), Has.All.EqualTo(SubmitOutcome.Accepted));
        Assert.That(repeated.Tag("outcome"), Is.EqualTo(new[] { "key-conflict" }));
        await StoredAsync(300);
    }

    [Test]
    public async Task The_same_key_in_another_scope_is_another_key()
    {
        var mine = await SubmitAsync(Keyed("k"));
        var yours = await SubmitAsync(Keyed("k", AnotherRequest, scope: "you"));

        Assert.That((mine.Outcome, yours.Outcome), Is.EqualTo((SubmitOutcome.Accepted, SubmitOutcome.Accepted)));
        await StoredAsync(2);
    }

    [Test]
    public async Task Duplicates_within_a_batch_and_over_batches_make_one_task_each()
    {
        // 40 keys, 25 times each, mixed: many share a batch, many don't.
        var tasks = Enumerable.Range(0, 1000).Select(i => Keyed($"k{i * 7 % 40}", i * 7 % 40 == 13 && i >= 500 ? AnotherRequest : SomeRequest)).ToArray();
        var answers = await Task.WhenAll(tasks.Select(SubmitAsync));

        foreach (var key in tasks.Zip(answers).GroupBy(t => t.First.IdempotencyKey!.Value))
        {
            var accepted = key.Where(t => t.Second.Outcome == SubmitOutcome.Accepted).ToArray();
            Assert.That(accepted, Has.Length.EqualTo(1), key.Key);
            Assert.That(key.Select(t => t.Second.TaskId), Has.All.EqualTo(accepted[0].First.Id), key.Key);
            var same = accepted[0].First.IdempotencyKey!.Fingerprint;
            Assert.That(
                key.Where(t => t.Second.Outcome == SubmitOutcome.KeyConflict),
                Is.EqualTo(key.Where(t => t.First.IdempotencyKey!.Fingerprint != same)),
                key.Key);
        }

        await StoredAsync(40);
    }

    [Test]
    public async Task Many_submitters_with_the_same_keys_in_any_order_never_deadlock()
    {
        var random = new Random(17);
        var others = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => AnotherProcessAsync(Ledger.ConnectionString)));
        SubmitStage[] stages = [Ledger.Submit, .. others.Select(o => o.GetRequiredService<SubmitStage>())];
        var keys = Enumerable.Range(0, 200).Select(i => $"k{i}").ToArray();

        var answers = await Task.WhenAll(stages.SelectMany(stage =>
        {
            var order = keys.ToArray();
            random.Shuffle(order);
            return order.Select(key => stage.SubmitAsync(Keyed(key), CancellationToken.None).AsTask());
        }).ToArray());

        Assert.That(answers.Count(a => a.Outcome == SubmitOutcome.Accepted), Is.EqualTo(200));
        Assert.That(answers.Count(a => a.Outcome == SubmitOutcome.Replayed), Is.EqualTo(600));
        Assert.That(answers.Select(a => a.TaskId).Distinct().Count(), Is.EqualTo(200));
        Assert.That(await Ledger.ScalarAsync("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), Is.Zero);
        await StoredAsync(200);
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Test]
    public async Task One_bad_item_fails_alone_and_its_key_is_free_again()
    {
        var tasks = Enumerable.Range(0, 200).Select(i => Keyed($"k{i}")).ToArray();
        tasks[70] = tasks[70] with { Input = new byte[] { (byte)'"', 0xFF, (byte)'"' } };
        var answers = tasks.Select(SubmitAsync).ToArray();
        await Task.WhenAll(answers.Select(a => a.ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.That(answers.Select((a, i) => (a.IsFaulted, i)).Where(a => a.IsFaulted).Select(a => a.i), Is.EqualTo(new[] { 70 }));
        Assert.That(answers[70].Exception!.InnerException, Is.InstanceOf<PostgresException>());
        Assert.That(answers.Where(a => !a.IsFaulted).Select(a => a.Result.Outcome), Has.All.EqualTo(SubmitOutcome.Accepted));
        await StoredAsync(199);
        Assert.That((await SubmitAsync(Keyed("k70", AnotherRequest))).Outcome, Is.EqualTo(SubmitOutcome.Accepted));
    }

    [Test]
    public async Task A_key_in_somebody_elses_open_transaction_is_undecided_after_a_while_and_holds_up_no_other()
    {
        await using var somebody = new NpgsqlConnection(Ledger.ConnectionString);
        await somebody.OpenAsync();
        await using var open = await somebody.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand(
            $"INSERT INTO messaging.idempotency_keys VALUES ('{Guid.NewGuid()}', '{SomeRequest}', now() + interval '1 day', '', 'k100')", somebody, open))
            await take.ExecuteNonQueryAsync();

        var watch = Stopwatch.StartNew();
        var undecided = Enumerable.Range(0, 200).Select(i => (Key: $"k{i}", Answer: SubmitAsync(Keyed($"k{i}")))).ToDictionary(t => t.Key, t => t.Answer);
        var unkeyed = Ledger.Submit.SubmitAsync(Ledger.NewTask(), CancellationToken.None).AsTask();
        await unkeyed;
        await Task.WhenAll(undecided.Where(t => t.Key != "k100").Select(t => t.Value));
        var others = watch.Elapsed;
        var answer = await undecided["k100"];
        var waited = watch.Elapsed;
        await open.RollbackAsync();
        var afterwards = await SubmitAsync(Keyed("k100"));

        await TestContext.Out.WriteLineAsync($"the others {others.TotalSeconds:0.00} s, the undecided one {waited.TotalSeconds:0.00} s");
        Assert.That(undecided.Where(t => t.Key != "k100").Select(t => t.Value.Result.Outcome), Has.All.EqualTo(SubmitOutcome.Accepted));
        Assert.That(answer.Outcome, Is.EqualTo(SubmitOutcome.KeyUndecided));
        Assert.That(waited, Is.GreaterThan(TimeSpan.FromSeconds(2)).And.LessThan(TimeSpan.FromSeconds(10)), "2 s, on a busy machine");
        Assert.That(others, Is.LessThan(waited));
        Assert.That(afterwards.Outcome, Is.EqualTo(SubmitOutcome.Accepted));
        await StoredAsync(201);
    }

    [Test]
    public async Task A_duplicate_waits_for_the_first_and_gets_its_task()
    {
        await using var somebody = new NpgsqlConnection(Ledger.ConnectionString);
        await somebody.OpenAsync();
        var first = Guid.NewGuid();
        await using var open = await somebody.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand(
            $"INSERT INTO messaging.idempotency_keys VALUES ('{first}', '{SomeRequest}', now() + interval '1 day', '', 'k')", somebody, open))
            await take.ExecuteNonQueryAsync();

        var duplicate = SubmitAsync(Keyed("k"));
        await Eventually.TrueAsync(async _ => duplicate.IsCompleted || await WaitingForLocksAsync() > 0);
        await open.CommitAsync();

        Assert.That(await duplicate, Is.EqualTo(new SubmitAnswer(SubmitOutcome.Replayed, first)));
        await StoredAsync(0);
    }

    [Test]
    public async Task An_expired_key_makes_another_task_once()
    {
        await SubmitAsync(Keyed("k"));
        await Ledger.ExecuteAsync("UPDATE messaging.idempotency_keys SET expires_at = now()");

        Assert.That(await Ledger.Submit.FindAsync(Keyed("k").IdempotencyKey!, CancellationToken.None), Is.Null);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SubmitAsync(Keyed("k", AnotherRequest))));

        Assert.That(answers.Count(a => a.Outcome == SubmitOutcome.Accepted), Is.EqualTo(1));
        Assert.That(answers.Count(a => a.Outcome == SubmitOutcome.Replayed), Is.EqualTo(19));
        await StoredAsync(2);
    }

    [Test]
    public async Task Expired_keys_are_removed_in_steps_and_others_stay()
    {
        await using var ledger = await TestLedger.CreateAsync(services => services.AddRetention(new ConfigurationBuilder().Build()));
        await ledger.ExecuteAsync(
            $"""
            INSERT INTO messaging.idempotency_keys (task_id, fingerprint, expires_at, scope, key)
            SELECT gen_random_uuid(), gen_random_uuid(), now() + CASE WHEN n % 3 = 0 THEN interval '1 hour' ELSE interval '-1 second' END, '', 'k' || n
            FROM generate_series(1, {3 * KeyKeeper.Step}) n
            """);

        Assert.That(await ledger.Services.GetRequiredService<KeyKeeper>().RemoveExpiredAsync(CancellationToken.None), Is.EqualTo(2 * KeyKeeper.Step));
        Assert.That(await ledger.CountAsync("idempotency_keys WHERE expires_at > now()"), Is.EqualTo(KeyKeeper.Step));
        Assert.That(await ledger.CountAsync("idempotency_keys"), Is.EqualTo(KeyKeeper.Step));
    }

    [Test]
    public async Task A_connection_cut_in_the_middle_stores_each_task_once()
    {
        await using var blocker = new NpgsqlConnection(Ledger.ConnectionString);
        await blocker.OpenAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var lockIt = new NpgsqlCommand("LOCK TABLE messaging.outbox IN ACCESS EXCLUSIVE MODE", blocker, transaction))
            await lockIt.ExecuteNonQueryAsync();

        var submits = Enumerable.Range(0, 20).Select(i => SubmitAsync(Keyed($"k{i}"))).ToArray();
        await Eventually.TrueAsync(async _ => (long)(await Ledger.ScalarAsync(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))! > 0);
        await transaction.CommitAsync();

        Assert.That((await Task.WhenAll(submits)).Select(a => a.Outcome), Has.All.EqualTo(SubmitOutcome.Accepted));
        await StoredAsync(20);
    }

    [Test]
    public async Task When_the_answer_to_the_commit_is_lost_the_submit_finds_its_own_task()
    {
        var server = new NpgsqlConnectionStringBuilder(Ledger.ConnectionString);
        var lost = new LostCommit();
        await using var proxy = new TcpProxy(new Uri($"tcp://127.0.0.1:{server.Port}"), () => lost.OfConnection());
        server.Port = proxy.Port;
        await using var process = await AnotherProcessAsync(server.ConnectionString);
        var stage = process.GetRequiredService<SubmitStage>();
        await stage.SubmitAsync(Keyed("before"), CancellationToken.None);

        lost.Arm();
        var tasks = Enumerable.Range(0, 10).Select(i => Keyed($"k{i}")).ToArray();
        var submits = tasks.Select(t => stage.SubmitAsync(t, CancellationToken.None).AsTask()).ToArray();
        await lost.Lost.WaitAsync(TimeSpan.FromSeconds(20));
        proxy.Cut();
        var answers = await Task.WhenAll(submits);
        var repeated = await stage.SubmitAsync(Keyed("k3"), CancellationToken.None);

        Assert.That(answers, Is.EqualTo(tasks.Select(t => new SubmitAnswer(SubmitOutcome.Accepted, t.Id))));
        Assert.That(repeated, Is.EqualTo(new SubmitAnswer(SubmitOutcome.Replayed, tasks[3].Id)));
        await StoredAsync(11);
    }

    private NewTask Keyed(string key, Guid? fingerprint = null, string scope = IdempotencyKey.SharedScope) =>
        Ledger.NewTask() with { IdempotencyKey = new IdempotencyKey(scope, key, fingerprint ?? SomeRequest) };

    private Task<SubmitAnswer> SubmitAsync(NewTask task) => Ledger.Submit.SubmitAsync(task, CancellationToken.None).AsTask();

    /// <summary>Asserts how many tasks there are, and that each is whole.</summary>
    private async Task StoredAsync(int tasks)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await Ledger.CountAsync("tasks"), Is.EqualTo(tasks));
            Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(tasks));
            Assert.That(await Ledger.ScalarAsync("SELECT coalesce(sum(cardinality(task_ids)), 0) FROM messaging.outbox"), Is.EqualTo(tasks));
        }
    }

    private async Task<long> WaitingForLocksAsync() =>
        (long)(await Ledger.ScalarAsync("SELECT count(*) FROM pg_locks WHERE NOT granted"))!;

    /// <summary>The stages of another process on the same ledger.</summary>
    private static async Task<ServiceProvider> AnotherProcessAsync(string postgres)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Messaging:Postgres"] = postgres }).Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddLedger(configuration);
        services.AddSingleton<Messaging.Infrastructure.Outbox.IRelayInbox, NoRelay>();
        var process = services.BuildServiceProvider();
        await process.GetRequiredService<LedgerClock>().ReadAsync(CancellationToken.None);
        return process;
    }

    private sealed class NoRelay : Messaging.Infrastructure.Outbox.IRelayInbox
    {
        public Messaging.Infrastructure.Outbox.IRelayReservation? TryReserve(string queue, int tasks) => null;

        public Messaging.Infrastructure.Outbox.IRelayReservation? TryReserve(int tasks) => null;
    }

    /// <summary>Keeps the server's answer to the first commit after <see cref="Arm"/>, and whatever that connection's server says behind it.</summary>
    private sealed class LostCommit
    {
        private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _armed;

        public Task Lost => _lost.Task;

        public void Arm() => Volatile.Write(ref _armed, 1);

        public IByteFilter OfConnection() => new Filter(this);

        private sealed class Filter(LostCommit all) : IByteFilter
        {
            private bool _silent;

            public ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> bytes)
            {
                // CommandComplete of a commit.
                if (bytes.Span.IndexOf("COMMIT\0"u8) >= 0 && Interlocked.Exchange(ref all._armed, 0) == 1)
                {
                    _silent = true;
                    all._lost.TrySetResult();
                }

                return _silent ? default : bytes;
            }
        }
    }
}
