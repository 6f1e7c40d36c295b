using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Messaging.Tests.Integration.Examples;

/// <summary>
/// A service with a relay of its own publishes what it commits at once: here nobody else is there to do it, and its own sweeper does not look by
/// itself, only when it is woken.
/// </summary>
[CancelAfter(90_000)]
public sealed class OwnRelayTests
{
    [Test]
    public async Task What_is_committed_is_published_at_once_by_the_services_own_relay(CancellationToken cancellationToken)
    {
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        await using var ledger = await TestLedger.CreateAsync();
        await ledger.Services.GetRequiredService<KindRegistry>().UpsertAsync([KindDescription.Of(typeof(SendEmail))], cancellationToken);
        using var service = Build(ledger.ConnectionString, broker.Uri);
        await service.StartAsync(cancellationToken);
        await using var scope = service.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
        await db.Database.MigrateAsync(cancellationToken);

        await PlaceOrder.HandleAsync(db, new Order { Id = "1", Email = "ada@example.org" }, cancellationToken);

        await Eventually.TrueAsync(async _ => await ledger.CountAsync("outbox") == 0, TimeSpan.FromSeconds(30)); // settled: the broker has confirmed it
        await using var connection = await new ConnectionFactory { Uri = broker.Uri }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        Assert.That(await channel.MessageCountAsync("messaging.tasks.mail", cancellationToken), Is.EqualTo(1));

        // Nothing but the commit had woken it: a commit that tells nobody changes nothing.
        await ledger.ScalarAsync("""SELECT messaging.submit('example.mail', '{"to":"ada@example.org","subject":"told to nobody"}')""");
        Assert.That(await ledger.CountAsync("outbox WHERE owner IS NULL"), Is.EqualTo(1));
        service.Services.GetRequiredService<OutboxSignal>().Wake();
        await Eventually.TrueAsync(async _ => await ledger.CountAsync("outbox") == 0, TimeSpan.FromSeconds(30));
        await service.StopAsync(cancellationToken);
    }

    private static IHost Build(string postgres, Uri rabbitMq)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["Messaging:Postgres"] = postgres;
        builder.Configuration["Messaging:RabbitMq"] = rabbitMq.ToString();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<TimeProvider>(new NoSweeps());
        OwnRelay.AddTo(builder);
        builder.Services.ConfigureDbContext<OrdersDb>(options => options
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)));
        return builder.Build();
    }

    /// <summary>The system's time, but the sweeper's timer never comes.</summary>
    private sealed class NoSweeps : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => state is OutboxSignal
            ? base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan)
            : base.CreateTimer(callback, state, dueTime, period);
    }
}
