using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Clients;
using Messaging.Infrastructure.Events;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Operations;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Retention;
using Messaging.Infrastructure.Store;
using Messaging.Producer.Access;
using Messaging.Producer.Amqp;
using Messaging.Producer.Cli;
using Messaging.Producer.Features;
using Messaging.Producer.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Messaging.Producer;

/// <summary>The producer: accepts tasks over HTTP, stores them and publishes them. This file names every part that runs in it.</summary>
public static class Program
{
    /// <summary>
    /// Runs until SIGTERM or Ctrl-C. 2: the settings are wrong; 1: the address can't be used. <c>health URL</c>: only asks a running one.
    /// <c>keys …</c>: makes, lists and revokes API keys. <c>openapi</c>: writes the OpenAPI document anew.
    /// </summary>
    public static async Task<int> Main(string[] args)
    {
        if (args is [HealthProbe.Verb, var address])
            return await HealthProbe.RunAsync(address);
        if (args is [KeysCommand.Verb, .. var rest])
            return await KeysCommand.RunAsync(rest);
        if (args is [OpenApiCommand.Verb])
            return await OpenApiCommand.RunAsync();
        ClientTimers.KeepFromEndingTheProcess();
        try
        {
            await using var app = Build(args);
            await app.StartAsync();
            var parts = app.Services.GetRequiredService<StartBehindServer>();
            await app.WaitForShutdownAsync();
            return parts.Failure is null ? 0 : throw parts.Failure;
        }
        catch (OptionsValidationException e)
        {
            foreach (var fault in e.Failures)
                await Console.Error.WriteLineAsync(fault);
            return 2;
        }
        catch (ListenRefusedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{e.Message} Stop what listens there, or choose another with ASPNETCORE_URLS.");
            return 1;
        }
    }

    /// <summary>Puts the service together; nothing runs yet. Parts start in the order named here and stop in the reverse.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.ConfigureLogging();
        builder.ConfigureServer();
        CrossOrigins.Add(builder.Services, builder.Configuration);
        builder.Services
            .AddBehindServer(parts => parts
                .AddLedger(builder.Configuration)                                     // Postgres: waits for it, migrates; submit, cancel, reads
                .AddAccess(builder.Configuration)                                     // API keys, the audit log
                .AddCallbacks(builder.Configuration)                                  // endpoints for callbacks; consumers send them
                .AddAccessGate()                                                      // who may do what, and how fast
                .AddSqlSubmit()                                                       // what messaging.submit needs to know of the settings
                .AddQueueDepths()                                                     // counts what each queue holds: full ones answer 429
                .AddInstanceHeartbeat(new InstanceProfile { Role = "producer" })      // owns outbox rows, so it says that it lives
                .AddBrokerPublishing(builder.Configuration)                           // RabbitMQ, the connection that sends
                .AddBrokerListening()                                                 // RabbitMQ, what others say of changed tasks
                .AddEvents(builder.Configuration)                                     // what happens to tasks, for event streams
                .AddOutboxRelay(builder.Configuration)                                // publishes what is committed
                .AddMaintenance()                                                     // promoter, rescuer, partitions
                .AddOperations()                                                      // retry all, discard all
                .AddReconciler(builder.Configuration)                                 // compares the ledger with itself, markers
                .AddRetention(builder.Configuration)                                  // drops old days, keeps what must stay of them
                .AddFiles()                                                           // deletes files that nobody needs any more
                .AddAmqpSubmits(builder.Configuration))                               // tasks that come over RabbitMQ
            .AddHttpActions();                                                        // checks, waits, problems, health; the server itself comes last

        var app = builder.Build();
        ProblemMapping.Use(app);
        CrossOrigins.Use(app);
        RequestLimits.Use(app);
        Answering.Use(app);
        LedgerGate.Use(app);
        AccessGate.Use(app);
        SubmitTask.Map(app);
        SubmitBatch.Map(app);
        GetTask.Map(app);
        GetResult.Map(app);
        GetAttempts.Map(app);
        ExplainTask.Map(app);
        StreamTaskEvents.Map(app);
        StreamEvents.Map(app);
        CreateStreamToken.Map(app);
        ListTasks.Map(app);
        CancelTask.Map(app);
        RetryTask.Map(app);
        ListDeadLetters.Map(app);
        GroupDeadLetters.Map(app);
        DiscardDeadLetter.Map(app);
        StartOperation.Map(app);
        ListOperations.Map(app);
        GetOperation.Map(app);
        StopOperation.Map(app);
        RemoveTask.Map(app);
        ListKinds.Map(app);
        GetKind.Map(app);
        ListWorkers.Map(app);
        GetLedger.Map(app);
        UploadFile.Map(app);
        ListFiles.Map(app);
        DownloadFile.Map(app);
        GetFile.Map(app);
        DeleteFile.Map(app);
        ListTaskCallbacks.Map(app);
        ResendCallback.Map(app);
        CreateCallbackEndpoint.Map(app);
        ListCallbackEndpoints.Map(app);
        GetCallbackEndpoint.Map(app);
        ChangeCallbackEndpoint.Map(app);
        RotateCallbackEndpoint.Map(app);
        DisableCallbackEndpoint.Map(app);
        EnableCallbackEndpoint.Map(app);
        DeleteCallbackEndpoint.Map(app);
        TestCallbackEndpoint.Map(app);
        GetCallbackSecret.Map(app);
        RotateCallbackSecret.Map(app);
        CreateKey.Map(app);
        ListKeys.Map(app);
        GetKey.Map(app);
        RevokeKey.Map(app);
        ListAudit.Map(app);
        Health.Map(app);
        GetOpenApi.Map(app);
        return app;
    }
}
