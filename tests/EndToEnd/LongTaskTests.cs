using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Messaging.Consumers.Runtime;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.EndToEnd;

/// <summary>Tasks that run longer than the broker waits for an acknowledgement.</summary>
[Category("MostlyWaits")]
[Order(1)] // the longest of them all
public sealed class LongTaskTests
{
    // The broker's default, RabbitMQ 3.8.15 and later.
    private static readonly TimeSpan DefaultConsumerTimeout = TimeSpan.FromMinutes(30);

    [Test]
    public void By_default_a_delivery_is_acknowledged_within_a_third_of_the_brokers_default_consumer_timeout() =>
        Assert.That(new WorkerOptions().AckAfter, Is.LessThanOrEqualTo(DefaultConsumerTimeout / 3));

    [Test]
    public async Task A_task_longer_than_the_consumer_timeout_runs_once_and_its_slot_counts_all_the_time()
    {
        using var folder = new TestFolder();
        // The broker looks once a minute, so what it finds at three minutes it acts on before four.
        await using var rabbitMq = new RabbitMqServer(management: true, settings: "consumer_timeout = 180000");
        await rabbitMq.StartAsync();
        // Without express copies, which have no acknowledgement.
        await using var system = await RunningSystem.StartAsync(
            consumers: 0, rabbitMq: rabbitMq.Uri, producerEnvironment: new Dictionary<string, string?> { ["Messaging__Relay__Express"] = "false" });
        var worker = await system.AddConsumerAsync(
            new() { Project = ConsumerProcessOptions.TestWorker }, new Dictionary<string, string?> { ["Messaging__Worker__AckAfter"] = "00:01:00" });
        var since = Stopwatch.StartNew();
        var task = await system.SubmitAsync("test.hold", new { @for = "PT4M30S", trail = folder.Trail });

        using var management = Client(rabbitMq.ManagementUri!);
        await Eventually.GetAsync(_ => UnacknowledgedAsync(management), seen => seen == 1, TimeSpan.FromSeconds(60));
        await Eventually.GetAsync(_ => UnacknowledgedAsync(management), seen => seen == 0, TimeSpan.FromSeconds(90));
        Assert.That(since.Elapsed, Is.GreaterThan(TimeSpan.FromSeconds(50)), "acknowledged after AckAfter");
        Assert.That(folder.Lines("returned"), Is.Empty, "it still runs");
        var workers = await system.GetAsync("v1/workers");
        Assert.That(workers["items"]![0]!["running"]!.GetValue<int>(), Is.EqualTo(1), workers.ToJsonString());

        var ended = await system.EndedAsync(task, TimeSpan.FromMinutes(6));
        Assert.That(since.Elapsed, Is.GreaterThan(TimeSpan.FromMinutes(4.4)));
        Assert.That((ended["state"]!.GetValue<string>(), ended["attempt"]!.GetValue<int>()), Is.EqualTo(("succeeded", 1)), ended.ToJsonString());
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(1));
        Assert.That(await system.CountAsync("attempts"), Is.Zero);
        Assert.That(await system.CountAsync("outcomes WHERE claim_no = 1"), Is.EqualTo(1), "one claim");
        Assert.That(rabbitMq.ReadLogs(), Does.Not.Contain("timed out"), "the broker never lost its patience");
        Assert.That(worker.Process.Lines.Where(line => line.Contains("warn:", StringComparison.Ordinal)), Is.Empty);
    }

    private static HttpClient Client(Uri management)
    {
        var client = new HttpClient { BaseAddress = management };
        client.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(management.UserInfo)));
        return client;
    }

    // The management API's figures are up to five seconds old.
    private static async Task<long> UnacknowledgedAsync(HttpClient management)
    {
        var queue = await management.GetFromJsonAsync<JsonNode>("api/queues/%2F/messaging.tasks.default");
        return queue!["messages_unacknowledged"]!.GetValue<long>();
    }
}
