using Messaging.Consumers.Kinds.DebugEcho;
using Messaging.Consumers.Runtime;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store;
using Messaging.Tests.Worker.Kinds;
using Microsoft.Extensions.Options;

// A worker process as Consumers/MessagingWorker.cs makes it, with the tests' kinds beside the built-in ones; the reasons stand there.
var builder = Host.CreateApplicationBuilder(args);
builder.Configuration.AddCommandLine(args, WorkerOptions.Switches);
builder.Logging
    .AddFilter("Microsoft", LogLevel.Warning)
    .AddFilter("MassTransit", LogLevel.Warning)
    .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)
    .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
builder.Logging.AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.TimestampFormat = "HH:mm:ss.fff ";
});

try
{
    var worker = WorkerOptions.Read(builder.Configuration);
    builder.Services
        .AddLedger(builder.Configuration)
        .AddMessagingWorker(builder.Configuration, typeof(PoisonHandler).Assembly, typeof(DebugEchoHandler).Assembly)
        .AddBrokerPublishing(builder.Configuration)
        .AddOutboxRelay(builder.Configuration)
        .AddMaintenance()
        .AddReconciler(builder.Configuration)
        .AddBrokerReceiving(worker.QueueNames, worker.Prefetch);
    builder.Services.AddHealthChecks().AddCheck<BrokerCheck>("broker");
    return await WorkerHost.RunAsync(builder.Build());
}
catch (OptionsValidationException e)
{
    foreach (var fault in e.Failures)
        await Console.Error.WriteLineAsync(fault);
    return 2;
}
