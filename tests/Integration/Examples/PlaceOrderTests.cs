using System.Diagnostics;
using System.Transactions;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.EntityFramework;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Integration.Sql;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Messaging.Tests.Integration.Examples;

/// <summary><c>db.EnqueueTask</c>: an order and its mail are there together, or neither is.</summary>
public sealed class PlaceOrderTests : SqlSubmitTest
{
    [OneTimeSetUp]
    public async Task RegisterAndMigrate()
    {
        await Producer.RegisterAsync(KindDescription.Of(typeof(SendEmail)));
        await using var db = Db();
        await db.Database.MigrateAsync();
    }

    [Test]
    public async Task An_order_and_its_mail_are_committed_together(CancellationToken cancellationToken)
    {
        await using var db = Db();
        var id = await PlaceOrder.HandleAsync(db, new Order { Id = "1", Email = "ada@example.org" }, cancellationToken);
        var task = await Producer.FindAsync(id);

        Assert.Multiple(() =>
        {
            Assert.That((task.Kind, task.Queue, task.MaxAttempts), Is.EqualTo(("example.mail", "mail", 3)));
            Assert.That(task.Input.ToString(), Is.EqualTo("""{"to":"ada@example.org","subject":"Thank you for your order"}"""));
            Assert.That(task.Tags, Is.EqualTo(new[] { "order:1" }));
        });
        Assert.That(await Producer.ScalarAsync("SELECT email FROM orders WHERE id = '1'"), Is.EqualTo("ada@example.org"));
    }

    [Test]
    public async Task A_failure_after_the_enqueue_leaves_neither(CancellationToken cancellationToken)
    {
        await using var db = Db();
        await PlaceOrder.HandleAsync(db, new Order { Id = "2", Email = "ada@example.org" }, cancellationToken);
        db.ChangeTracker.Clear();
        Guid id;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            id = await db.EnqueueTaskAsync(new SendEmail("ada@example.org", "Twice"), cancellationToken: cancellationToken);
            db.Orders.Add(new Order { Id = "2", Email = "ada@example.org" });
            Assert.That(async () => await db.SaveChangesAsync(cancellationToken), Throws.InstanceOf<DbUpdateException>());
        }

        Assert.That(await CountAsync($"tasks WHERE id = '{id}'"), Is.Zero);
        Assert.That(await CountAsync("tasks WHERE input LIKE '%Twice%'"), Is.Zero);
    }

    [Test]
    public async Task Without_a_transaction_nothing_is_enqueued()
    {
        await using var db = Db();

        Assert.That(async () => await db.EnqueueTaskAsync(new SendEmail("a@b", "alone")), Throws.InvalidOperationException.With.Message.Contains("BeginTransaction"));
        Assert.That(() => db.EnqueueTask(new SendEmail("a@b", "alone")), Throws.InvalidOperationException);
        Assert.That(await CountAsync("tasks WHERE input LIKE '%alone%'"), Is.Zero);
    }

    [Test]
    public async Task An_input_that_does_not_fit_its_kind_never_reaches_the_database()
    {
        await using var db = Db();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var refusal = Assert.ThrowsAsync<InvalidTaskInputException>(async () => await db.EnqueueTaskAsync(new SendEmail("a@b", null!)));
        var id = await db.EnqueueTaskAsync(new SendEmail("a@b", "the transaction is whole"));
        await transaction.CommitAsync();

        Assert.That(refusal!.Errors.Single().JsonPointer, Is.EqualTo("/subject"));
        Assert.That((await Producer.FindAsync(id)).Id, Is.EqualTo(id));
    }

    [Test]
    public async Task A_callback_goes_along_and_is_the_same_as_over_HTTP()
    {
        var options = new EnqueueOptions
        {
            IdempotencyKey = "mail-with-callback",
            Callback = new CallbackRequest { Url = "https://example.com/hook", Events = ["task.failed"], Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
        };
        await using var db = Db();
        Guid id;
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            await db.EnqueueTaskAsync(new SendEmail("a@b", "rolled back"), options);
            await transaction.RollbackAsync();
        }

        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            id = await db.EnqueueTaskAsync(new SendEmail("a@b", "told"), options);
            await transaction.CommitAsync();
        }

        using var again = await Producer.PostAsync("/v1/tasks", """
            {"kind":"example.mail","input":{"to":"a@b","subject":"told"},"idempotencyKey":"mail-with-callback",
             "callback":{"url":"https://example.com/hook","events":["task.failed"],"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
            """);
        Assert.That((await ProducerHarness.ReadAsync<TaskResponse>(again)).Id, Is.EqualTo(id));
        Assert.That(await CountAsync("task_callbacks WHERE url = 'https://example.com/hook' AND events = 2 AND length(secret) = 24"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_callback_that_can_not_be_is_refused_by_the_database()
    {
        await using var db = Db();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var refusal = Assert.Throws<PostgresException>(
            () => db.EnqueueTask(new SendEmail("a@b", "refused"), new EnqueueOptions { Callback = new CallbackRequest { Url = "http://127.0.0.1/" } }));

        Assert.That((refusal!.ConstraintName, refusal.ColumnName), Is.EqualTo(("invalid-value", "callback/url")));
        Assert.That(refusal.MessageText, Does.Contain("Messaging:Callbacks:AllowLoopback"));
    }

    [Test]
    public async Task All_options_arrive_as_they_were_given()
    {
        var runAt = new DateTimeOffset(Producer.Get<LedgerClock>().Now.AddDays(3).Date, TimeSpan.FromHours(3));
        var options = new EnqueueOptions
        {
            Queue = "slow-mail",
            RunAt = runAt,
            Timeout = TimeSpan.FromSeconds(90.5),
            Deadline = runAt.AddDays(1),
            MaxAttempts = 9,
            Tags = ["a", "\"quoted\" \u00e9\U0001F600"],
        };
        using var activity = new Activity("caller").SetParentId("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").Start();
        await using var db = Db();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var id = db.EnqueueTask(new SendEmail("a@b", "s"), options);
        var delayed = db.EnqueueTask(new SendEmail("a@b", "s"), new EnqueueOptions { Delay = TimeSpan.FromMinutes(90) });
        await transaction.CommitAsync();

        var task = await Producer.FindAsync(id);
        Assert.Multiple(() =>
        {
            Assert.That((task.Queue, task.RunAt, task.Deadline, task.MaxAttempts), Is.EqualTo(("slow-mail", options.RunAt, options.Deadline, 9)));
            Assert.That(task.Tags, Is.EqualTo(options.Tags));
        });
        Assert.That(await Producer.ScalarAsync($"SELECT timeout_ms FROM messaging.tasks WHERE id = '{id}'"), Is.EqualTo(90_500));
        Assert.That(await Producer.ScalarAsync($"SELECT trace_parent FROM messaging.tasks WHERE id = '{id}'"), Is.EqualTo(activity.Id));
        var later = await Producer.FindAsync(delayed);
        Assert.That(later.RunAt - later.CreatedAt, Is.EqualTo(TimeSpan.FromMinutes(90)).Within(TimeSpan.FromMilliseconds(2)));
    }

    [Test]
    public async Task A_plain_connection_and_an_ambient_transaction_do_the_same()
    {
        await using var connection = await ConnectAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await transaction.EnqueueTaskAsync(new SendEmail("a@b", "plain, rolled back"));
            transaction.EnqueueTask(new SendEmail("a@b", "plain, rolled back"));
        }

        Guid kept;
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            kept = await transaction.EnqueueTaskAsync(new SendEmail("a@b", "plain"));
            await transaction.CommitAsync();
            Assert.That(async () => await transaction.EnqueueTaskAsync(new SendEmail("a@b", "over")), Throws.InvalidOperationException);
        }

        await using var db = Db();
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            await db.EnqueueTaskAsync(new SendEmail("a@b", "ambient, rolled back"));
        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await db.EnqueueTaskAsync(new SendEmail("a@b", "ambient"));
            scope.Complete();
        }

        Assert.That((await Producer.FindAsync(kept)).Id, Is.EqualTo(kept));
        Assert.That(await CountAsync("tasks WHERE input LIKE '%ambient\"%'"), Is.EqualTo(1));
        Assert.That(await CountAsync("tasks WHERE input LIKE '%rolled back%'"), Is.Zero);
    }

    [Test]
    public async Task The_relay_is_woken_by_a_commit_with_tasks_and_by_no_other()
    {
        var woken = 0;
        await using var db = Db(new RelayWaker(() => Interlocked.Increment(ref woken)));
        await using (await db.Database.BeginTransactionAsync())
            await db.EnqueueTaskAsync(new SendEmail("a@b", "not committed"));
        await using (var transaction = await db.Database.BeginTransactionAsync())
            await transaction.CommitAsync();
        var before = woken;
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            await db.EnqueueTaskAsync(new SendEmail("a@b", "committed"));
            await transaction.CommitAsync();
        }

        Assert.That((before, woken), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task The_services_migrations_and_ours_do_not_know_of_each_other()
    {
        await using var db = Db();
        Assert.That(await db.Database.GetAppliedMigrationsAsync(), Is.EqualTo(new[] { "1_orders" }));
        Assert.That(await Producer.ScalarAsync("SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'"), Is.EqualTo("__EFMigrationsHistory,orders"));
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'messaging' AND tablename = 'schema_migrations'"), Is.EqualTo(1));
        Assert.That(db.Model.GetEntityTypes().Select(t => t.GetTableName()), Is.EqualTo(new[] { "orders" }));
    }

    private OrdersDb Db(params IInterceptor[] interceptors) => new(
        new DbContextOptionsBuilder<OrdersDb>()
            .UseNpgsql(ConnectionString)
            .AddInterceptors(interceptors)
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options);
}
