using Messaging.Contracts.Http;
using Messaging.Tests.Support;
using Microsoft.AspNetCore.Builder;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>What a producer does with its settings.</summary>
[CancelAfter(60_000)]
public sealed class StartTests
{
    [TestCase("http://0.0.0.0:0")]
    [TestCase("http://*:0")]
    [TestCase("http://[::]:0")]
    public async Task Without_keys_no_address_but_loopback_is_listened_on(string address, CancellationToken cancellationToken)
    {
        await using var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync, cancellationToken);
        await using var app = Build(database.ConnectionString, address);

        Assert.That(
            async () => await app.StartAsync(cancellationToken),
            Throws.Exception.Message.Contains("Messaging:Anonymous=true").And.Message.Contains("Refusing to listen"));
        await app.StopAsync(cancellationToken);
    }

    [Test]
    public async Task Any_address_is_listened_on_once_anonymous_access_was_allowed(CancellationToken cancellationToken)
    {
        await using var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync, cancellationToken);
        await using var app = Build(database.ConnectionString, "http://0.0.0.0:0", "--Messaging:Anonymous=true");
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(app.Urls.Single().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal) + "/health/live"), cancellationToken);

        Assert.That((await ReadAsync<HealthResponse>(answer)).Status, Is.EqualTo("live"));
        await app.StopAsync(cancellationToken);
    }

    [Test]
    public async Task With_a_broker_it_is_ready(CancellationToken cancellationToken)
    {
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        await using var producer = await StartAsync($"--Messaging:RabbitMq={broker.Uri}");

        var health = await Eventually.GetAsync(
            async _ =>
            {
                using var answer = await producer.GetAsync("/health/ready");
                return await ReadAsync<HealthResponse>(answer);
            },
            seen => seen.Status == "ready",
            cancellationToken: cancellationToken);
        Assert.That(health.Parts["broker"].Status, Is.EqualTo("ok"));
    }

    [Test]
    public async Task A_heartbeat_longer_than_clients_wait_is_refused(CancellationToken cancellationToken)
    {
        await using var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync, cancellationToken);
        await using var app = Build(database.ConnectionString, "http://127.0.0.1:0", "--Messaging:Events:Heartbeat=00:00:46");

        Assert.That(
            async () => await app.StartAsync(cancellationToken), Throws.Exception.Message.Contains("Messaging:Events:Heartbeat").And.Message.Contains("45 s"));
    }

    private static WebApplication Build(string postgres, string address, params string[] settings) => Producer.Program.Build(
        [$"--urls={address}", $"--Messaging:Postgres={postgres}", "--Messaging:RabbitMq=amqp://nobody:nothing@127.0.0.1:1/", .. settings]);
}
