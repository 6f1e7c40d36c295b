using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Messages;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Tests.Integration.Runtime;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Callbacks;

/// <summary>What a receiver got.</summary>
internal sealed record Received(string Path, string Id, string Timestamp, string Signatures, byte[] Body)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    /// <summary>True if it is signed with the secret.</summary>
    public bool IsSignedWith(byte[] secret) => CallbackSignature.Verify(
        Id, Timestamp, Signatures, Body, secret, DateTimeOffset.FromUnixTimeSeconds(long.Parse(Timestamp, CultureInfo.InvariantCulture)));
}

/// <summary>A worker without a broker, which a test hands tasks and callbacks, and a receiver that answers as the test says.</summary>
internal sealed class CallbackBench : IAsyncDisposable
{
    private CallbackBench(WorkerHarness worker, LocalWebServer web, ConcurrentQueue<Received> received) => (Worker, Web, Received) = (worker, web, received);

    public WorkerHarness Worker { get; }

    public LocalWebServer Web { get; }

    /// <summary>In the order of their arrival.</summary>
    public ConcurrentQueue<Received> Received { get; }

    /// <summary>Starts both.</summary>
    /// <param name="answer">What the receiver answers, by the number of the request from 1.</param>
    /// <param name="limit">Ends the start.</param>
    /// <param name="settings">Of the worker.</param>
    public static async Task<CallbackBench> StartAsync(
        Func<int, HttpContext, Task> answer, CancellationToken limit, params (string Setting, string Value)[] settings)
    {
        var received = new ConcurrentQueue<Received>();
        var requests = 0;
        var web = await LocalWebServer.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var headers = context.Request.Headers;
            received.Enqueue(new Received(
                context.Request.Path, headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString(), headers["webhook-signature"].ToString(), body.ToArray()));
            await answer(Interlocked.Increment(ref requests), context);
        });
        (string Setting, string Value)[] usual = [("Messaging:Callbacks:AllowLoopback", "true"), ("Messaging:Callbacks:Retries", "PT1M PT1H")];
        var worker = await WorkerHarness.StartAsync(limit, [.. usual.ExceptBy(settings.Select(s => s.Setting), s => s.Setting), .. settings]);
        return new CallbackBench(worker, web, received);
    }

    /// <summary>A receiver that answers with statuses, one after the other, and with the last one from then on.</summary>
    public static Task<CallbackBench> StartAsync(int[] statuses, CancellationToken limit, params (string Setting, string Value)[] settings) =>
        StartAsync(
            (n, context) =>
            {
                context.Response.StatusCode = statuses[Math.Min(n, statuses.Length) - 1];
                return Task.CompletedTask;
            },
            limit,
            settings);

    /// <summary>Runs a task whose end is told, and answers both.</summary>
    public async Task<(Guid Task, Guid Delivery)> RunAsync<TResult>(ITaskInput<TResult> input, NewCallback callback, CancellationToken limit)
    {
        var kind = KindDescription.Of(input.GetType());
        var task = new NewTask(
            Worker.Services.GetRequiredService<LedgerClock>().NewTaskId(),
            kind.Name,
            WorkerHarness.Queue,
            JsonSerializer.SerializeToUtf8Bytes(input, input.GetType(), MessagingJson.Payload),
            kind.Timeout,
            1,
            null,
            ["tagged"],
            null,
            Callback: callback);
        await Worker.Services.GetRequiredService<SubmitStage>().SubmitAsync(task, limit);
        await Worker.DeliverAsync(limit, new RunTask(task.Id, 0, kind.Name, task.Input.ToArray(), task.Timeout, 1, null));
        return (task.Id, await Worker.ScalarAsync<Guid>("SELECT id FROM messaging.callback_deliveries WHERE task_id = $1", limit, task.Id));
    }

    /// <summary>A task that succeeds, told to this bench's receiver.</summary>
    public Task<(Guid Task, Guid Delivery)> RunAsync(CancellationToken limit, byte[]? secret = null, string path = "hook") =>
        RunAsync(new Say("hello"), new NewCallback(Web.Url(path), null, null, secret), limit);

    /// <summary>Has a callback sent, as a delivery from the broker would; one that waits for its next attempt is due first.</summary>
    public async Task SendAsync(Guid task, Guid delivery, CancellationToken limit)
    {
        await Worker.ExecuteAsync("UPDATE messaging.open_tasks SET state = 2, due_at = NULL WHERE id = $1 AND state = 0", limit, delivery);
        await Worker.Receiver.ReceiveAsync(SendCallback.QueueName, new RunTasks([Copy(task, delivery)]), limit);
    }

    /// <summary>The copy of a callback that a broker would deliver.</summary>
    public static RunTask Copy(Guid task, Guid delivery) => new(
        delivery, 0, SendCallback.KindName, JsonSerializer.SerializeToUtf8Bytes(new { taskId = task }), TimeSpan.FromMinutes(2), RetryPolicy.MostAttempts, null);

    /// <summary>What stands in the log of a task's callbacks, as "attempt status".</summary>
    public async Task<IReadOnlyList<string>> LogAsync(Guid task, CancellationToken limit)
    {
        var callbacks = await Worker.Services.GetRequiredService<CallbackDeliveries>().ListAsync(task, limit);
        return [.. callbacks!.Deliveries.SelectMany(d => d.Attempts).Select(a => $"{a.Attempt} {a.Status?.ToString(CultureInfo.InvariantCulture) ?? a.Error}")];
    }

    /// <summary>A secret of an endpoint, or ("") of the addresses.</summary>
    public Task<byte[]> SecretOfAsync(string endpoint, CancellationToken limit) =>
        Worker.ScalarAsync<byte[]>("SELECT secret FROM messaging.callback_secrets WHERE endpoint = $1 ORDER BY id DESC LIMIT 1", limit, endpoint);

    public async ValueTask DisposeAsync()
    {
        await Worker.DisposeAsync();
        await Web.DisposeAsync();
    }
}
