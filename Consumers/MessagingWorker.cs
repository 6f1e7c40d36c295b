using System.Reflection;
using Messaging.Consumers.Runtime;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Retention;
using Messaging.Infrastructure.Store;
using Microsoft.Extensions.Options;

namespace Messaging.Consumers;

/// <summary>A worker process: run as many as there is work for. This file names every part that runs in it.</summary>
/// <example>
/// The whole <c>Program.cs</c> of a worker with handlers of its own:
/// <code>
/// return await MessagingWorker.RunAsync(args);
/// </code>
/// </example>
public static class MessagingWorker
{
    /// <summary>Runs a worker until the process is told to stop.</summary>
    /// <param name="args">The command line: <c>--queues a,b --concurrency 200 --health-port 8081</c>, any other setting, or <c>health URL</c>, which only asks a running worker how it is.</param>
    /// <param name="handlers">Where the task handlers are. Default: the process's own assembly.</param>
    /// <returns>The exit code. 0: it was told to stop, and did; 1: it could not start or go on; 2: a setting is wrong, or a handler can't be used, or there is none. The reason stands on the error output.</returns>
    public static Task<int> RunAsync(string[] args, params Assembly[] handlers) => RunAsync(args, configure: null, handlers);

    /// <summary>Runs a worker until the process is told to stop, with services, settings or logging of its own.</summary>
    /// <param name="args">The command line, as above.</param>
    /// <param name="configure">Called before the worker's own parts are added: what it registers starts first and stops last.</param>
    /// <param name="handlers">Where the task handlers are. Default: the process's own assembly.</param>
    /// <returns>The exit code, as above.</returns>
    public static async Task<int> RunAsync(string[] args, Action<HostApplicationBuilder>? configure, params Assembly[] handlers)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(handlers);
        if (args is [HealthProbe.Verb, var address])
            return await HealthProbe.RunAsync(address);
        try
        {
            var builder = CreateBuilder(args);
            configure?.Invoke(builder);
            if (Find(handlers.Length > 0 ? handlers : [Assembly.GetEntryAssembly()!], out var fault) is not { } found)
            {
                await Console.Error.WriteLineAsync(fault);
                return 2;
            }

            AddParts(builder, found);
            return await WorkerHost.RunAsync(builder.Build());
        }
        catch (OptionsValidationException e)
        {
            foreach (var fault in e.Failures)
                await Console.Error.WriteLineAsync(fault);
            return 2;
        }
    }

    private static HostApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Configuration.AddCommandLine(args, WorkerOptions.Switches);
        builder.Logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("MassTransit", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)    // whoever asks for the health is told
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);  // a failed start is said once
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        return builder;
    }

    private static HandlerRegistry? Find(Assembly[] assemblies, out string? fault)
    {
        fault = null;
        try
        {
            return HandlerRegistry.Scan(assemblies);
        }
        catch (InvalidOperationException e)
        {
            fault = e.Message;
            return null;
        }
    }

    /// <summary>Every part, in the order of their start; they stop in the reverse: first the taking, last the heartbeat.</summary>
    private static void AddParts(HostApplicationBuilder builder, HandlerRegistry handlers)
    {
        var worker = WorkerOptions.Read(builder.Configuration);
        builder.Services
            .AddLedger(builder.Configuration)                                          // Postgres: waits for it, migrates; claim, finish, cancel
            .AddMessagingWorker(builder.Configuration, handlers)                       // heartbeat, kinds, runner, timeouts, cancellation, drain
            .AddBrokerPublishing(builder.Configuration)                                // RabbitMQ, the connection that sends
            .AddOutboxRelay(builder.Configuration)                                     // publishes what is committed: retries, hand-backs, rescued tasks
            .AddMaintenance()                                                          // promoter, rescuer, partitions
            .AddReconciler(builder.Configuration)                                      // compares the ledger with itself, markers
            .AddRetention(builder.Configuration)                                       // drops old days, keeps what must stay of them
            .AddFiles()                                                                // deletes files that nobody needs any more
            .AddBrokerReceiving(worker.QueueNames, worker.Prefetch)                    // RabbitMQ, the connection that takes
            .AddExpressListening();                                                    // copies that come ahead of their messages
        builder.Services.AddHealthChecks().AddCheck<BrokerCheck>("broker");
    }
}
