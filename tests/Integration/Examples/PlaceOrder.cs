using Messaging.Contracts.Kinds;
using Messaging.EntityFramework;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Tests.Integration.Examples;

[TaskKind("example.mail", Queue = "mail", MaxAttempts = 3)]
internal sealed record SendEmail(string To, string Subject) : ITaskInput<SendEmailResult>;

internal sealed record SendEmailResult(string MessageId);

internal sealed class Order
{
    public required string Id { get; init; }

    public required string Email { get; init; }
}

/// <summary>The example of docs/sql.md: a service whose tables are in the same database as the ledger.</summary>
internal sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var order = modelBuilder.Entity<Order>();
        order.ToTable("orders").HasKey(o => o.Id);
        order.Property(o => o.Id).HasColumnName("id");
        order.Property(o => o.Email).HasColumnName("email");
    }
}

internal static class PlaceOrder
{
    public static async Task<Guid> HandleAsync(OrdersDb db, Order order, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Orders.Add(order);
        await db.SaveChangesAsync(cancellationToken);
        var task = await db.EnqueueTaskAsync(
            new SendEmail(order.Email, "Thank you for your order"),
            new EnqueueOptions { Tags = [$"order:{order.Id}"], IdempotencyKey = $"shop:order-mail:{order.Id}" },
            cancellationToken);
        await transaction.CommitAsync(cancellationToken); // the order and its mail, or neither
        return task;
    }
}

/// <summary>The service's own migration, beside ours in the same database.</summary>
[DbContext(typeof(OrdersDb))]
[Migration("1_orders")]
internal sealed class MakeOrders : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.CreateTable(
            "orders",
            table => new { id = table.Column<string>("text", nullable: false), email = table.Column<string>("text", nullable: false) },
            constraints: table => table.PrimaryKey("orders_pkey", row => row.id));
}
