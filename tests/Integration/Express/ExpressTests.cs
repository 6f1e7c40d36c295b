using System.Collections.Concurrent;
using System.Text;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Tests.Integration.Outbox;
using Messaging.Tests.Support;
using Npgsql;

namespace Messaging.Tests.Integration.Express;

/// <summary>The express way through a real Postgres: copies arrive behind their tasks' commit, and whatever befalls them befalls nothing else.</summary>
public sealed class ExpressTests : OutboxTest
{
    [Test]
    public async Task A_copy_comes_as_it_was_submitted([Values] bool keyed, CancellationToken cancellationToken)
    {
        await using var worker = await HearingWorker.StartAsync(Ledger, cancellationToken, "default", "other");
        var task = Ledger.NewTask("""{"text":"naïve 雪 \u0000 \" \n end"}""", queue: "other") with
        {
            IdempotencyKey = keyed ? new IdempotencyKey("me", "k", Guid.NewGuid()) : null,
        };

        await Ledger.Submit.SubmitAsync(task, cancellationToken);
        var (queue, copy) = await worker.Copies.NextAsync(cancellationToken);

        Assert.That(queue, Is.EqualTo("other"));
        Assert.That((copy.Id, copy.Kind, copy.Timeout, copy.MaxAttempts), Is.EqualTo((task.Id, task.Kind, task.Timeout, task.MaxAttempts)));
        Assert.That(Encoding.UTF8.GetString(copy.Input.Span), Is.EqualTo(Encoding.UTF8.GetString(task.Input.Span)));
    }

    [Test]
    public async Task No_copy_comes_before_its_task_is_there([Values] bool keyed, CancellationToken cancellationToken)
    {
        await using var worker = await HearingWorker.StartAsync(Ledger, cancellationToken);
        await using var eye = NpgsqlDataSource.Create(Ledger.ConnectionString);
        var missing = new ConcurrentBag<Guid>();
        worker.Copies.OnCopy = copy =>
        {
            using var look = eye.CreateCommand($"SELECT count(*) FROM messaging.open_tasks WHERE id = '{copy.Id}' AND state = 2");
            if ((long)look.ExecuteScalar()! != 1)
                missing.Add(copy.Id);
        };
        for (var i = 0; i < 25; i++)
        {
            await Ledger.Submit.SubmitAsync(Ledger.NewTask() with { IdempotencyKey = keyed ? new IdempotencyKey("me", $"k{i}", Guid.NewGuid()) : null }, cancellationToken);
            await worker.Copies.NextAsync(cancellationToken);
            await Eventually.TrueAsync(() => Relay.Held == 0, cancellationToken: cancellationToken);
            worker.SayTaken();
        }

        Assert.That(missing, Is.Empty);
    }

    [Test]
    public async Task A_copy_that_is_refused_leaves_its_task_accepted([Values] bool keyed, CancellationToken cancellationToken)
    {
        await using var worker = await HearingWorker.StartAsync(Ledger, cancellationToken);
        await worker.AnnounceAsync(new string('x', 64), cancellationToken); // longer than Postgres lets a channel's name be
        for (var i = 0; i < 5; i++)
        {
            var task = Ledger.NewTask() with { IdempotencyKey = keyed ? new IdempotencyKey("me", $"k{i}", Guid.NewGuid()) : null };
            var answer = await Ledger.Submit.SubmitAsync(task, cancellationToken);

            Assert.That(answer, Is.EqualTo(new SubmitAnswer(SubmitOutcome.Accepted, task.Id)));
            await Eventually.TrueAsync(() => Publisher.TaskIds.Contains(task.Id), cancellationToken: cancellationToken);
            await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0, cancellationToken: cancellationToken);
        }

        Assert.That(await Ledger.CountAsync("tasks"), Is.EqualTo(5));
        Assert.That(Publisher.TaskIds, Has.Length.EqualTo(5));
    }

    [Test]
    public async Task A_task_that_is_refused_spoils_nothing_though_its_copy_goes(CancellationToken cancellationToken)
    {
        await using var worker = await HearingWorker.StartAsync(Ledger, cancellationToken);
        var task = Ledger.NewTask();
        await Ledger.Submit.SubmitAsync(task, cancellationToken);
        await worker.Copies.NextAsync(cancellationToken);
        await Eventually.TrueAsync(() => Relay.Held == 0, cancellationToken: cancellationToken);

        worker.SayTaken();
        Assert.That(async () => await Ledger.Submit.SubmitAsync(task, cancellationToken), Throws.InstanceOf<PostgresException>());
        Assert.That((await worker.Copies.NextAsync(cancellationToken)).Task.Id, Is.EqualTo(task.Id), "its copy goes all the same");
        var next = Ledger.NewTask();
        await Ledger.Submit.SubmitAsync(next, cancellationToken);

        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 2, cancellationToken: cancellationToken);
        Assert.That(Publisher.TaskIds, Is.EqualTo(new[] { task.Id, next.Id }));
        Assert.That(await Ledger.CountAsync("tasks"), Is.EqualTo(2));
    }

    [TestCase(7_000, 1)]
    [TestCase(7_001, 0)]
    [TestCase(100_000, 0)]
    public async Task Large_inputs_do_not_go(int bytes, int copies, CancellationToken cancellationToken)
    {
        await using var worker = await HearingWorker.StartAsync(Ledger, cancellationToken);
        var task = Ledger.NewTask($"\"{new string('x', bytes - 2)}\"");
        await Ledger.Submit.SubmitAsync(task, cancellationToken);
        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 1, cancellationToken: cancellationToken);

        // What comes next comes behind.
        worker.SayTaken();
        await Ledger.Submit.SubmitAsync(Ledger.NewTask(), cancellationToken);
        for (var i = 0; i < copies; i++)
            Assert.That((await worker.Copies.NextAsync(cancellationToken)).Task.Id, Is.EqualTo(task.Id));
        Assert.That((await worker.Copies.NextAsync(cancellationToken)).Task.Id, Is.Not.EqualTo(task.Id));
    }

    [Test]
    public async Task After_a_broken_connection_copies_come_again(CancellationToken cancellationToken)
    {
        await using var worker = await HearingWorker.StartAsync(Ledger, cancellationToken);
        var first = worker.Profile.Express;
        await Ledger.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'messaging-express' AND datname = current_database()");
        await Eventually.TrueAsync(() => worker.Listener.IsConnected && worker.Profile.Express is { } channel && channel != first, cancellationToken: cancellationToken);
        await worker.AnnounceAsync(cancellationToken);

        var task = Ledger.NewTask();
        await Ledger.Submit.SubmitAsync(task, cancellationToken);
        Assert.That((await worker.Copies.NextAsync(cancellationToken)).Task.Id, Is.EqualTo(task.Id));
    }

    [Test]
    public async Task What_is_no_copy_and_what_is_for_another_queue_is_passed_over(CancellationToken cancellationToken)
    {
        await using var worker = await HearingWorker.StartAsync(Ledger, cancellationToken);
        foreach (var payload in new[] { "", "nonsense", "default\n", "default\n[]", "default\n{}", "foreign\n{\"v\":1,\"tasks\":[]}" })
            await Ledger.ExecuteAsync($"SELECT pg_notify('{worker.Profile.Express}', '{payload}')");
        var task = Ledger.NewTask();
        await Ledger.Submit.SubmitAsync(task, cancellationToken);

        Assert.That((await worker.Copies.NextAsync(cancellationToken)).Task.Id, Is.EqualTo(task.Id));
    }

    [Test]
    public async Task A_worker_that_stops_hearing_says_so(CancellationToken cancellationToken)
    {
        var worker = await HearingWorker.StartAsync(Ledger, cancellationToken);
        Assert.That(worker.Profile.Express, Does.StartWith("messaging_express_"));
        await worker.DisposeAsync();

        Assert.That(worker.Profile.Express, Is.Null);
    }
}
