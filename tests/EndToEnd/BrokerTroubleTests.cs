using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.EndToEnd;

/// <summary>A RabbitMQ that is there and does not work as it should. Tasks are accepted throughout, and all run once it is well.</summary>
[Category("MostlyWaits")]
[FixtureLifeCycle(LifeCycle.SingleInstance)] // one system serves all: its start takes longer than a test
[Parallelizable(ParallelScope.Self)]
public sealed class BrokerTroubleTests
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(90);

    private readonly RabbitMqServer _rabbitMq = new();
    private RunningSystem _system = null!;

    [OneTimeSetUp]
    public async Task StartSystem()
    {
        await _rabbitMq.StartAsync();
        _system = await RunningSystem.StartAsync(consumers: 2, rabbitMq: _rabbitMq.Uri);
        await _system.SubmitEchoesAsync(200);
        await _system.DrainedAsync(Recovery);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        if (_system is not null)
            await _system.DisposeAsync();
        await _rabbitMq.DisposeAsync();
    }

    [Test]
    public async Task Under_a_memory_alarm_tasks_are_accepted_and_run_when_it_is_over()
    {
        await _rabbitMq.ControlAsync(["set_vm_memory_high_watermark", "0.000001"]);
        try
        {
            await _system.SubmitEchoesAsync(500);

            Assert.That(await _system.CountAsync("open_tasks WHERE state = 2"), Is.GreaterThan(0), "the broker takes none");
            var health = await Eventually.GetAsync(
                _ => HealthAsync(), seen => seen.Contains("takes no messages", StringComparison.Ordinal), TimeSpan.FromSeconds(40));
            Assert.That(health, Does.Contain("degraded"));
        }
        finally
        {
            await _rabbitMq.ControlAsync(["set_vm_memory_high_watermark", "0.6"]);
        }

        await EndedWellAsync();
        await Eventually.GetAsync(_ => HealthAsync(), seen => !seen.Contains("degraded", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
    }

    [Test]
    public async Task A_frozen_broker_stops_nothing_for_good()
    {
        _rabbitMq.Freeze();
        try
        {
            var frozen = TimeProvider.System.GetTimestamp();
            await _system.SubmitEchoesAsync(500);
            // Longer than the sends' deadline and the heartbeats: what is under way fails, and connections are given up.
            await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(frozen) > TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(40));
        }
        finally
        {
            _rabbitMq.Thaw();
        }

        await EndedWellAsync();
    }

    [Test]
    public async Task A_broker_killed_with_a_backlog_delivers_it_after_its_start()
    {
        await _system.SubmitEchoesAsync(2_000, wait: "PT0.2S");
        await _rabbitMq.KillAsync();
        await _system.SubmitEchoesAsync(500);
        await _rabbitMq.StartAsync();

        await EndedWellAsync();
    }

    private async Task EndedWellAsync()
    {
        await _system.DrainedAsync(Recovery);
        Assert.That(await _system.CountAsync("outcomes WHERE state <> 4 OR attempt <> 1"), Is.Zero, "no attempt is spent on it");
        foreach (var consumer in _system.Consumers)
            await consumer.WaitUntilReadyAsync();
    }

    private async Task<string> HealthAsync()
    {
        using var answer = await _system.Producer.Http.GetAsync(new Uri("health/ready", UriKind.Relative));
        var body = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(body)!.ToJsonString() : throw new InvalidOperationException(body);
    }
}
