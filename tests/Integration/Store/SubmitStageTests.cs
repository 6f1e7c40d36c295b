using System.Text;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

public sealed class SubmitStageTests : LedgerTest
{
    [Test]
    public async Task A_submit_writes_task_open_row_tags_and_outbox_in_one_go()
    {
        var task = Ledger.NewTask("""{ "message" : "bytes stay as sent" }""", tags: ["a", "b c"]);
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await Ledger.ScalarAsync($"SELECT input FROM messaging.tasks WHERE id = '{task.Id}'"), Is.EqualTo("""{ "message" : "bytes stay as sent" }"""));
            Assert.That(await Ledger.ScalarAsync($"SELECT tags FROM messaging.tasks WHERE id = '{task.Id}'"), Is.EqualTo(new[] { "a", "b c" }));
            Assert.That(await Ledger.ScalarAsync($"SELECT state FROM messaging.open_tasks WHERE id = '{task.Id}'"), Is.EqualTo((short)TaskState.Queued));
            Assert.That(await Ledger.CountAsync($"task_tags WHERE task_id = '{task.Id}'"), Is.EqualTo(2));
            Assert.That(await Ledger.CountAsync($"outbox WHERE task_ids = ARRAY['{task.Id}'::uuid] AND owner IS NULL"), Is.EqualTo(1));
        }
    }

    [TestCase(false, TestName = "What all tasks of a batch share is stored with each")]
    [TestCase(true, TestName = "What the tasks of a batch do not share is stored with its own task")]
    public async Task Each_task_of_a_batch_is_stored_as_it_is(bool mixed)
    {
        var tasks = Enumerable.Range(0, 300).Select(i => Ledger.NewTask($"{i}") is var task && mixed ? task with
        {
            Kind = i % 2 == 0 ? "debug.echo" : "http.fetch",
            Queue = $"queue-{i % 3}",
            Timeout = TimeSpan.FromSeconds(1 + (i % 5)),
            MaxAttempts = 1 + (i % 4),
            RunAt = i % 7 == 0 ? Ledger.Clock.Now + TimeSpan.FromHours(1) : null,
            Deadline = i % 11 == 0 ? Ledger.Clock.Now + TimeSpan.FromHours(2) : null,
            TraceParent = i % 13 == 0 ? $"00-{i:x32}-{i:x16}-01" : null,
            Tags = i % 17 == 0 ? ["a", $"b{i}"] : [],
        } : task).ToArray();
        await Task.WhenAll(tasks.Select(t => Ledger.Submit.SubmitAsync(t, CancellationToken.None).AsTask()));

        await using var command = Ledger.Services.GetRequiredService<LedgerConnections>().Web.CreateCommand(
            """
            SELECT t.id, t.kind, t.queue, o.queue, t.input, t.timeout_ms, t.max_attempts, t.run_at IS NOT NULL, o.due_at IS NOT NULL, o.state, t.deadline, o.deadline_at,
                t.trace_parent, t.tags
            FROM messaging.tasks t JOIN messaging.open_tasks o ON o.id = t.id
            """);
        await using var row = await command.ExecuteReaderAsync();
        var stored = new Dictionary<Guid, object?[]>();
        while (await row.ReadAsync())
            stored.Add(row.GetGuid(0), [.. Enumerable.Range(1, 13).Select(i => row.IsDBNull(i) ? null : row.GetValue(i))]);
        Assert.That(stored, Has.Count.EqualTo(300));
        foreach (var t in tasks)
        {
            var (later, deadline) = (t.RunAt is not null, Rounded(t.Deadline));
            Assert.That(stored[t.Id], Is.EqualTo(new object?[]
            {
                t.Kind, t.Queue, t.Queue, Encoding.UTF8.GetString(t.Input.Span), (long)t.Timeout.TotalMilliseconds, t.MaxAttempts, later, later,
                (short)(later ? TaskState.Scheduled : TaskState.Queued), deadline, deadline, t.TraceParent, t.Tags.Count == 0 ? null : t.Tags.ToArray(),
            }));
        }

        // Postgres keeps microseconds.
        static DateTime? Rounded(DateTimeOffset? time) => time is { } at ? new DateTime(at.UtcDateTime.Ticks / 10 * 10, DateTimeKind.Utc) : null;
    }

    [Test]
    public async Task A_batch_writes_one_outbox_row_per_queue_at_most()
    {
        var queues = Enumerable.Range(0, 400).Select(i => Ledger.NewTask(queue: i % 2 == 0 ? "even" : "odd"));
        await Task.WhenAll(queues.Select(t => Ledger.Submit.SubmitAsync(t, CancellationToken.None).AsTask()));

        Assert.That(await Ledger.ScalarAsync("SELECT sum(cardinality(task_ids)) FROM messaging.outbox WHERE queue = 'even'"), Is.EqualTo(200));
        Assert.That(await Ledger.CountAsync("outbox"), Is.LessThan(100), "group commit made batches");
    }

    [Test]
    public async Task A_task_for_later_is_scheduled_and_not_in_the_outbox()
    {
        var task = Ledger.NewTask(delay: TimeSpan.FromMinutes(10));
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);

        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 0 AND due_at > now() + interval '9 minutes'"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
    }

    [Test]
    public async Task One_bad_item_among_500_fails_alone()
    {
        var good = Enumerable.Range(0, 499).Select(_ => Ledger.NewTask()).ToArray();
        var bad = Ledger.NewTask() with { Input = new byte[] { (byte)'"', 0xFF, (byte)'"' } };
        var all = good.Take(250).Append(bad).Concat(good.Skip(250)).ToArray();

        var answers = all.Select(t => Ledger.Submit.SubmitAsync(t, CancellationToken.None).AsTask()).ToArray();
        await Task.WhenAll(answers.Select(a => a.ContinueWith(_ => { }, TaskScheduler.Default)));

        var failed = answers.Select((answer, i) => (answer, task: all[i])).Where(a => a.answer.IsFaulted).ToArray();
        Assert.That(failed.Select(f => f.task.Id), Is.EqualTo(new[] { bad.Id }));
        Assert.That(failed[0].answer.Exception!.InnerException, Is.InstanceOf<PostgresException>());
        Assert.That(await Ledger.CountAsync("tasks"), Is.EqualTo(499));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(499));
        Assert.That(await Ledger.ScalarAsync("SELECT sum(cardinality(task_ids)) FROM messaging.outbox"), Is.EqualTo(499));
    }

    [Test]
    public async Task A_connection_cut_in_the_middle_stores_each_task_once()
    {
        await using var blocker = new NpgsqlConnection(Ledger.ConnectionString);
        await blocker.OpenAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await ExecuteAsync(blocker, "LOCK TABLE messaging.outbox IN ACCESS EXCLUSIVE MODE");

        var submits = Enumerable.Range(0, 20).Select(_ => Ledger.Submit.SubmitAsync(Ledger.NewTask(), CancellationToken.None).AsTask()).ToArray();
        await Eventually.TrueAsync(async _ => await CutAsync() > 0);
        await transaction.CommitAsync();

        await Task.WhenAll(submits);
        Assert.That(await Ledger.CountAsync("tasks"), Is.EqualTo(20));
        Assert.That(await Ledger.ScalarAsync("SELECT sum(cardinality(task_ids)) FROM messaging.outbox"), Is.EqualTo(20));
    }

    [Test]
    public async Task A_ledger_that_does_not_answer_in_time_is_unavailable_and_stores_nothing()
    {
        await using var impatient = await TestLedger.CreateAsync(services =>
            services.Configure<Messaging.Infrastructure.Store.Connections.LedgerOptions>(o => o.MaxWait = TimeSpan.FromMilliseconds(300)));
        await impatient.ExecuteAsync("ALTER TABLE messaging.outbox RENAME TO outbox_away");
        // No such table is neither the item's fault nor passing trouble.
        Assert.That(
            async () => await impatient.Submit.SubmitAsync(impatient.NewTask(), CancellationToken.None),
            Throws.InstanceOf<LedgerUnavailableException>());
        Assert.That(await impatient.CountAsync("tasks"), Is.Zero);
    }

    [Test]
    public async Task After_the_commit_the_batch_goes_to_the_relay_with_its_owner_in_the_row()
    {
        var relay = new CapturingRelay();
        await using var ledger = await TestLedger.CreateAsync(services => services.AddSingleton<IRelayInbox>(relay));
        var task = ledger.NewTask();
        await ledger.Submit.SubmitAsync(task, CancellationToken.None);

        Assert.That(relay.HandedOver.Single().Tasks.Single().Id, Is.EqualTo(task.Id));
        Assert.That(await ledger.CountAsync($"outbox WHERE id = '{relay.HandedOver.Single().Id}' AND owner = '{relay.Owner}'"), Is.EqualTo(1));
    }

    private async Task<long> CutAsync() => (long)(await Ledger.ScalarAsync(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))!;

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private sealed class CapturingRelay : IRelayInbox, IRelayReservation
    {
        public Guid Owner { get; } = Guid.NewGuid();

        public bool MayGoAhead => false;

        public List<OutboxBatch> HandedOver { get; } = [];

        public IRelayReservation? TryReserve(string queue, int tasks) => this;

        public IRelayReservation? TryReserve(int tasks) => this;

        public void HandOver(IReadOnlyList<OutboxBatch> batches) => HandedOver.AddRange(batches);

        public void Dispose()
        {
            // nothing is held
        }
    }
}
