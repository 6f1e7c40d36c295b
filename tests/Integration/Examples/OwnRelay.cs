using Messaging.EntityFramework;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Messaging.Tests.Integration.Examples;

/// <summary>The example of docs/sql.md: a service that publishes what it has committed by itself.</summary>
internal static class OwnRelay
{
    public static void AddTo(IHostApplicationBuilder builder)
    {
        builder.Services
            .AddLedger(builder.Configuration)                                   // Messaging:Postgres
            .AddInstanceHeartbeat(new InstanceProfile { Role = "producer" })    // says that it lives: another takes over if not
            .AddBrokerPublishing(builder.Configuration)                         // Messaging:RabbitMq
            .AddOutboxRelay(builder.Configuration);                             // publishes what is committed
        builder.Services.AddDbContext<OrdersDb>((provider, options) => options
            .UseNpgsql(builder.Configuration["Messaging:Postgres"])
            .AddInterceptors(new RelayWaker(provider.GetRequiredService<OutboxSignal>().Wake)));
    }
}
