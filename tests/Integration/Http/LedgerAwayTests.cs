using System.Diagnostics;
using System.Net;
using Messaging.Contracts.Http;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Faults;
using Messaging.Tests.Support.Servers;
using Npgsql;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>Postgres stops under a producer that runs, and comes back.</summary>
[CancelAfter(120_000)]
public sealed class LedgerAwayTests
{
    [Test]
    public async Task Without_the_ledger_everything_answers_503_and_afterwards_all_is_well(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        await using var producer = await StartOnAsync(postgres.ConnectionString, null, "--Messaging:MaxWait=00:00:00.5");
        var before = await producer.SubmitAsync();
        await postgres.StopAsync(StopMode.Graceful, cancellationToken);

        await AwayAsync(producer.PostAsync("/v1/tasks", """{"kind":"debug.echo","input":{"message":"hi"}}"""));
        await AwayAsync(producer.PostAsync("/v1/tasks", """{"kind":"not.known","input":{}}"""));
        await AwayAsync(producer.GetAsync($"/v1/tasks/{before.Id}"));
        await AwayAsync(producer.GetAsync($"/v1/tasks/{before.Id}/attempts"));
        await AwayAsync(producer.GetAsync("/v1/tasks"));
        await AwayAsync(producer.GetAsync("/v1/workers"));
        await AwayAsync(producer.Client.PostAsync(new Uri($"/v1/tasks/{before.Id}/cancel", UriKind.Relative), null, cancellationToken));
        using (var batch = await producer.PostAsync("/v1/tasks/batch", """{"kind":"debug.echo","input":{"message":"hi"}}""", "application/x-ndjson"))
            Assert.That(await batch.Content.ReadAsStringAsync(cancellationToken), Does.Contain("\"status\":503").And.Contain(ProblemTypes.LedgerUnavailable));
        using (var ready = await producer.GetAsync("/health/ready"))
        {
            Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That((await ReadAsync<HealthResponse>(ready)).Parts["ledger"].Status, Is.EqualTo("away"));
        }

        using (var live = await producer.GetAsync("/health/live"))
            Assert.That(live.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await postgres.StartAsync(cancellationToken);

        using var recovered = await Eventually.GetAsync(
            _ => producer.PostAsync("/v1/tasks", """{"kind":"debug.echo","input":{"message":"hi"}}"""),
            answer => answer.StatusCode == HttpStatusCode.Accepted,
            cancellationToken: cancellationToken);
        Assert.That((await producer.FindAsync(before.Id)).Id, Is.EqualTo(before.Id));
        using var readyAgain = await producer.GetAsync("/health/ready");
        Assert.That(readyAgain.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Who_waits_for_a_task_that_was_accepted_learns_so_when_the_ledger_goes_away_meanwhile(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        await using var producer = await StartOnAsync(postgres.ConnectionString, null, "--Messaging:MaxWait=00:00:00.5");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tasks") { Content = Json("""{"kind":"debug.echo","input":{"message":"hi"}}""") };
        request.Headers.Add("Prefer", "wait=5");
        var asked = producer.Client.SendAsync(request, cancellationToken);
        await Eventually.GetAsync(_ => producer.ScalarAsync("SELECT count(*) FROM messaging.tasks"), seen => seen is 1L, cancellationToken: cancellationToken);
        await postgres.StopAsync(StopMode.Graceful, cancellationToken);

        using var answer = await asked;
        var task = await ReadAsync<TaskResponse>(answer);
        await postgres.StartAsync(cancellationToken);

        Assert.That((answer.StatusCode, answer.Headers.Location), Is.EqualTo((HttpStatusCode.Accepted, new Uri($"/v1/tasks/{task.Id}", UriKind.Relative))));
        await Eventually.GetAsync(_ => producer.GetAsync($"/v1/tasks/{task.Id}"), found => found.StatusCode == HttpStatusCode.OK, cancellationToken: cancellationToken);
    }

    [Test]
    public async Task Started_without_the_ledger_it_listens_lives_answers_503_and_is_ready_once_the_ledger_is_there(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        await postgres.StopAsync(StopMode.Graceful, cancellationToken);
        var app = global::Messaging.Producer.Program.Build(
            ["--urls=http://127.0.0.1:0", $"--Messaging:Postgres={postgres.ConnectionString}", "--Messaging:RabbitMq=amqp://nobody:nothing@127.0.0.1:1/"]);
        await using var disposed = app;
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        using (var live = await client.GetAsync(new Uri("/health/live", UriKind.Relative), cancellationToken))
            Assert.That(live.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        using (var ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken))
        {
            Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That((await ReadAsync<HealthResponse>(ready)).Parts["ledger"].Status, Is.EqualTo("away"));
        }

        await AwayAsync(client.PostAsync(new Uri("/v1/tasks", UriKind.Relative), Json("""{"kind":"debug.echo","input":{"message":"hi"}}"""), cancellationToken));
        await AwayAsync(client.PostAsync(new Uri("/v1/tasks/batch", UriKind.Relative), Json("[]"), cancellationToken));
        await AwayAsync(client.GetAsync(new Uri("/v1/tasks", UriKind.Relative), cancellationToken));

        await postgres.StartAsync(cancellationToken);
        await Eventually.TrueAsync(
            async token => (await client.GetAsync(new Uri("/health/ready", UriKind.Relative), token)).StatusCode == HttpStatusCode.OK,
            TimeSpan.FromSeconds(40),
            cancellationToken);
        using var kind = await client.PostAsync(
            new Uri("/v1/tasks", UriKind.Relative), Json("""{"kind":"debug.echo","input":{"message":"hi"}}"""), cancellationToken);
        await ProblemAsync(kind, HttpStatusCode.UnprocessableEntity, ProblemTypes.UnknownKind); // the schema is there, and no worker yet
        await app.StopAsync(cancellationToken);
    }

    [Test]
    public async Task A_silent_network_is_a_503_within_the_bound_and_what_was_held_up_goes_on_afterwards(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        var server = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
        await using var proxy = new TcpProxy(server.Port);
        server.Port = proxy.Port;
        await using var producer = await StartOnAsync(server.ConnectionString, null, "--Messaging:MaxWait=00:00:02");
        await producer.SubmitAsync();

        proxy.Hold();
        var silent = Stopwatch.StartNew();
        var submits = Enumerable.Range(0, 50).Select(async i =>
        {
            // Some come while a try is under way, some wait behind it.
            await Task.Delay(TimeSpan.FromMilliseconds(i * 60), TimeProvider.System, cancellationToken);
            var asked = Stopwatch.StartNew();
            using var answer = await producer.PostAsync("/v1/tasks", """{"kind":"debug.echo","input":{"message":"hi"}}""");
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable), await answer.Content.ReadAsStringAsync(cancellationToken));
            return asked.Elapsed;
        }).ToArray();
        var longest = (await Task.WhenAll(submits)).Max();
        await TestContext.Out.WriteLineAsync($"longest wait for a 503: {longest.TotalSeconds:0.0} s with MaxWait 2 s");
        Assert.That(longest, Is.LessThan(TimeSpan.FromSeconds(15)));
        await Eventually.TrueAsync(() => silent.Elapsed > TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(25), cancellationToken);
        proxy.Resume();

        using var recovered = await Eventually.GetAsync(
            _ => producer.PostAsync("/v1/tasks", """{"kind":"debug.echo","input":{"message":"hi"}}"""),
            answer => answer.StatusCode == HttpStatusCode.Accepted,
            cancellationToken: cancellationToken);
    }

    private static StringContent Json(string body) => new(body, System.Text.Encoding.UTF8, "application/json");

    private static async Task AwayAsync(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking;
        var problem = await ProblemAsync(answer, HttpStatusCode.ServiceUnavailable, ProblemTypes.LedgerUnavailable);
        Assert.That(answer.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(problem.RetryAfter!.Value)));
    }
}
