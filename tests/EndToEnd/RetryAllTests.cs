using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>Thousands of dead letters are retried by one request, and the process that took it dies.</summary>
public sealed class RetryAllTests
{
    private const int Count = 3_000;

    [Test]
    public async Task A_retry_all_whose_producer_is_killed_goes_on_elsewhere_and_retries_each_exactly_once()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var other = await ProducerProcess.StartAsync(system.Connections);
        // Fails on its first attempt, also after the retry: so each retry leaves one more attempt behind.
        await system.SubmitEchoesAsync(Count, more: ",\"maxAttempts\":1", input: ",\"failTimes\":1");
        await system.DrainedAsync(TimeSpan.FromMinutes(2));
        Assert.That(await system.CountAsync("outcomes WHERE state = 5"), Is.EqualTo(Count));
        var groups = await system.GetAsync("v1/dead-letters/groups");
        Assert.That((groups["groups"]!.GetValue<int>(), groups["items"]![0]!["count"]!.GetValue<long>()), Is.EqualTo((1, (long)Count)), groups.ToJsonString());

        using var answer = await system.Producer.Http.PostAsJsonAsync("v1/operations", new { action = "retry", filter = new { }, ratePerSecond = 600 });
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await answer.Content.ReadAsStringAsync());
        var id = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!.GetValue<Guid>();
        await Eventually.GetAsync(_ => system.CountAsync($"operations o JOIN messaging.workers w ON w.id = o.worker AND o.id = '{id}' AND o.done > 500"), seen => seen == 1);
        var owner = Convert.ToInt32(await system.ScalarAsync($"SELECT w.pid FROM messaging.operations o JOIN messaging.workers w ON w.id = o.worker WHERE o.id = '{id}'"), null);
        Assert.That(owner, Is.AnyOf(system.Producer.Process.Id, other.Process.Id));
        var (dying, surviving) = owner == system.Producer.Process.Id ? (system.Producer as ProductProcess, other as ProductProcess) : (other, system.Producer);
        await dying.KillAsync();
        var done = await system.CountAsync($"operations WHERE id = '{id}' AND done BETWEEN 500 AND {Count - 500}");
        Assert.That(done, Is.EqualTo(1), "in the middle");

        var ended = await Eventually.GetAsync(
            async token => JsonNode.Parse(await surviving.Http.GetStringAsync(new Uri($"v1/operations/{id}", UriKind.Relative), token))!,
            seen => seen["state"]!.GetValue<string>() == "finished",
            TimeSpan.FromSeconds(60));
        await system.DrainedAsync(TimeSpan.FromMinutes(1));

        Assert.That(ended["done"]!.GetValue<long>(), Is.EqualTo(Count), ended.ToJsonString());
        Assert.That(await system.CountAsync("outcomes WHERE state = 5"), Is.EqualTo(Count), "each failed once more");
        Assert.That(await system.CountAsync("attempts WHERE outcome = 'failed'"), Is.EqualTo(2 * Count));
        Assert.That(await system.ScalarAsync("SELECT count(*) FROM (SELECT task_id FROM messaging.attempts GROUP BY task_id HAVING count(*) = 2) x"), Is.EqualTo(Count));
    }
}
