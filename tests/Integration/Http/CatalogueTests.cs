using System.Net;
using System.Text.Json;
using Messaging.Contracts.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>Kinds, workers and health.</summary>
public sealed class CatalogueTests : ProducerTest
{
    [Test]
    public async Task A_kind_is_shown_with_its_schemas()
    {
        using var answer = await Producer.GetAsync("/v1/kinds/debug.echo");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var kind = await ReadAsync<KindResponse>(answer);
        using var input = JsonDocument.Parse(kind.InputSchema.Utf8);
        using var result = JsonDocument.Parse(kind.ResultSchema.Utf8);
        Assert.Multiple(() =>
        {
            Assert.That(kind.Name, Is.EqualTo("debug.echo"));
            Assert.That(kind.Queue, Is.EqualTo("default"));
            Assert.That(kind.Timeout, Is.EqualTo(TimeSpan.FromMinutes(5)));
            Assert.That(kind.Retry.MaxAttempts, Is.EqualTo(5));
            Assert.That(input.RootElement.GetProperty("properties").GetProperty("message").GetProperty("type").GetString(), Is.EqualTo("string"));
            Assert.That(result.RootElement.GetProperty("properties").TryGetProperty("attempt", out _), Is.True);
        });
    }

    [Test]
    public async Task Kinds_are_listed_by_name()
    {
        using var looked = await Producer.GetAsync("/v1/kinds/http.fetch");
        using var answer = await Producer.GetAsync("/v1/kinds");

        Assert.That((await ReadAsync<Page<KindResponse>>(answer)).Items.Select(k => k.Name), Is.EqualTo(new[] { "debug.echo", "http.fetch" }));
    }

    [Test]
    public async Task Workers_are_listed_without_producers()
    {
        var id = Guid.NewGuid();
        await Producer.ScalarAsync(
            $"""
            INSERT INTO messaging.workers (id, role, host, pid, version, slots, running, draining, queues, kinds, beat_at)
            VALUES ('{id}', 'consumer', 'here', 42, '1.2.3', 10, 3, true, ARRAY['default', 'slow'], ARRAY['debug.echo'], now() - interval '2 s')
            """);
        using var answer = await Producer.GetAsync("/v1/workers");
        await Producer.ScalarAsync($"DELETE FROM messaging.workers WHERE id = '{id}'");

        var worker = (await ReadAsync<Page<WorkerResponse>>(answer)).Items.Single();
        Assert.Multiple(() =>
        {
            Assert.That((worker.Id, worker.Host, worker.Pid, worker.Version), Is.EqualTo((id, "here", 42, "1.2.3")));
            Assert.That((worker.Slots, worker.Running, worker.Draining), Is.EqualTo((10, 3, true)));
            Assert.That(worker.Queues, Is.EqualTo(new[] { "default", "slow" }));
            Assert.That(worker.BeatAge, Is.InRange(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20)));
        });
    }

    [TestCase("/v1/kinds?x=1")]
    [TestCase("/v1/kinds/debug.echo?x=1")]
    [TestCase("/v1/workers?x=1")]
    public async Task An_unknown_parameter_is_refused(string path)
    {
        using var answer = await Producer.GetAsync(path);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Parameter, Is.EqualTo("x"));
    }

    [Test]
    public async Task A_producer_without_a_broker_is_live_and_accepts()
    {
        using var live = await Producer.GetAsync("/health/live");
        using var ready = await Producer.GetAsync("/health/ready");

        Assert.That(live.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var health = await ReadAsync<HealthResponse>(ready);
        Assert.That(health.Status, Is.EqualTo("degraded"));
        Assert.That(health.Parts.ToDictionary(p => p.Key, p => p.Value.Status), Is.EqualTo(new Dictionary<string, string> { ["ledger"] = "ok", ["broker"] = "degraded" }));
    }
}
