using Messaging.Consumers.Runtime;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Retention;
using Messaging.Infrastructure.Store;
using Microsoft.Extensions.Options;

// "health URL" only asks a running worker how it is.
if (args is [HealthProbe.Verb, var address])
    return await HealthProbe.RunAsync(address);

// A worker process: run as many as there is work for. Every part that runs in it is named here, in the order of their start;
// they stop in the reverse: first the taking, last the heartbeat.
var builder = Host.CreateApplicationBuilder(args);
builder.Configuration.AddCommandLine(args, WorkerOptions.Switches);
WorkerOptions.ListenByDefault(builder.Configuration, KindDescription.DefaultQueue, SendCallback.QueueName);
builder.Logging
    .AddFilter("Microsoft", LogLevel.Warning)
    .AddFilter("MassTransit", LogLevel.Warning)
    .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)    // whoever asks for the health is told
    .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);  // a failed start is said below, once
builder.Logging.AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.TimestampFormat = "HH:mm:ss.fff ";
});

try
{
    var worker = WorkerOptions.Read(builder.Configuration);
    builder.Services
        .AddLedger(builder.Configuration)                                          // Postgres: waits for it, migrates; claim, finish, cancel
        .AddMessagingWorker(builder.Configuration, typeof(Program).Assembly)       // heartbeat, kinds, runner, timeouts, cancellation, drain
        .AddBrokerPublishing(builder.Configuration)                                // RabbitMQ, the connection that sends
        .AddOutboxRelay(builder.Configuration)                                     // publishes what is committed: retries, hand-backs, rescued tasks
        .AddMaintenance()                                                          // promoter, rescuer, partitions
        .AddReconciler(builder.Configuration)                                      // compares the ledger with itself, markers
        .AddRetention(builder.Configuration)                                       // drops old days, keeps what must stay of them
        .AddFiles()                                                                // deletes files that nobody needs any more
        .AddBrokerReceiving(worker.QueueNames, worker.Prefetch);                   // RabbitMQ, the connection that takes
    builder.Services.AddHealthChecks().AddCheck<BrokerCheck>("broker");
    return await WorkerHost.RunAsync(builder.Build());
}
catch (OptionsValidationException e)
{
    foreach (var fault in e.Failures)
        await Console.Error.WriteLineAsync(fault);
    return 2;
}
