using System.Net;
using Messaging.Contracts.Http;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Servers;
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

    private static async Task AwayAsync(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking;
        var problem = await ProblemAsync(answer, HttpStatusCode.ServiceUnavailable, ProblemTypes.LedgerUnavailable);
        Assert.That(answer.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(problem.RetryAfter!.Value)));
    }
}
