using Messaging.Contracts.Handlers;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Runtime;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Tests.Integration.Examples;

[TaskKind("example.book", FirstRetryDelay = "PT0.05S")]
internal sealed record BookPayment(string Order, decimal Amount, int FailTimes = 0) : ITaskInput<BookPaymentResult>;

internal sealed record BookPaymentResult(string Order, decimal Balance);

/// <summary>The example of docs/handlers.md: rows of the handler's own, kept exactly if its result is.</summary>
internal sealed class BookPaymentHandler(Probe probe) : ITaskHandler<BookPayment, BookPaymentResult>
{
    public async Task<BookPaymentResult> HandleAsync(BookPayment input, TaskContext context, CancellationToken cancellationToken)
    {
        var transaction = await context.BeginTransactionAsync(cancellationToken);
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO bookings (order_id, amount, run) VALUES (@order, @amount, @run)";
        Add("order", input.Order);
        Add("amount", input.Amount);
        Add("run", probe.Started(context));
        await command.ExecuteNonQueryAsync(cancellationToken);
        await probe.BookedAsync(context);
        if (context.Attempt <= input.FailTimes)
            throw new InvalidOperationException("after its insert");
        return new BookPaymentResult(input.Order, input.Amount);

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }
    }
}

[TaskKind("example.book-ef")]
internal sealed record BookOrder(string Order, decimal Amount) : ITaskInput<string>;

/// <summary>The same with EF Core.</summary>
internal sealed class BookOrderHandler : ITaskHandler<BookOrder, string>
{
    public async Task<string> HandleAsync(BookOrder input, TaskContext context, CancellationToken cancellationToken)
    {
        var transaction = await context.BeginTransactionAsync(cancellationToken);
        await using var db = new ShopDb(new DbContextOptionsBuilder<ShopDb>().UseNpgsql(transaction.Connection!).Options);
        await db.Database.UseTransactionAsync(transaction, cancellationToken);
        db.Bookings.Add(new Booking { OrderId = input.Order, Amount = input.Amount });
        await db.SaveChangesAsync(cancellationToken);
        return input.Order;
    }
}

internal sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
{
    public DbSet<Booking> Bookings => Set<Booking>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var booking = modelBuilder.Entity<Booking>();
        booking.ToTable("bookings").HasKey(b => b.Id);
        booking.Property(b => b.Id).HasColumnName("id");
        booking.Property(b => b.OrderId).HasColumnName("order_id");
        booking.Property(b => b.Amount).HasColumnName("amount");
    }
}

internal sealed class Booking
{
    public int Id { get; init; }

    public required string OrderId { get; init; }

    public decimal Amount { get; init; }
}

[TaskKind("example.book-itself")]
internal sealed record CommitItself(bool Commit) : ITaskInput<string>;

/// <summary>Does what a handler must not do: ends the transaction.</summary>
internal sealed class CommitItselfHandler : ITaskHandler<CommitItself, string>
{
    public async Task<string> HandleAsync(CommitItself input, TaskContext context, CancellationToken cancellationToken)
    {
        var transaction = await context.BeginTransactionAsync(cancellationToken);
        if (input.Commit)
            await transaction.CommitAsync(cancellationToken);
        else
            await transaction.RollbackAsync(cancellationToken);
        return "done";
    }
}
