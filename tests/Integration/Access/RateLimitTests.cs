using System.Net;
using Messaging.Contracts.Http;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>How fast a key may go.</summary>
public sealed class RateLimitTests : KeyedTest
{
    private const string Echo = """{"kind":"debug.echo","input":{"message":"hi"}}""";

    protected override string[] Settings => ["--Messaging:Access:RateWindow=00:00:05"];

    [Test]
    public async Task A_key_that_has_used_up_its_rate_is_told_when_to_come_back()
    {
        var (_, secret) = await MakeAsync(ApiScopes.Read, rate: 1);
        for (var i = 0; i < 5; i++)
        {
            using var allowed = await SendAsync(HttpMethod.Get, "/v1/kinds", secret);
            Assert.That(allowed.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(allowed.Headers.GetValues("RateLimit-Policy").Single(), Is.EqualTo("\"default\";q=5;w=5"));
            Assert.That(allowed.Headers.GetValues("RateLimit").Single(), Does.Match("^\"default\";r=[0-4];t=[1-5]$"));
        }

        using var refused = await SendAsync(HttpMethod.Get, "/v1/kinds", secret);
        var problem = await ProblemAsync(refused, HttpStatusCode.TooManyRequests, ProblemTypes.RateLimited);
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(problem.RetryAfter, Is.EqualTo(1));
        Assert.That(refused.Headers.GetValues("RateLimit").Single(), Does.StartWith("\"default\";r=0;"));
        using var other = await SendAsync(HttpMethod.Get, "/v1/kinds", Admin);
        Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.OK), "each key has its own");
        Assert.That(other.Headers.Contains("RateLimit"), Is.False, "no limit, no headers");
    }

    [Test]
    public async Task The_tasks_of_a_batch_count()
    {
        var (_, secret) = await MakeAsync(ApiScopes.Submit, rate: 2);
        var lines = string.Join('\n', Enumerable.Repeat(Echo, 30));
        using var batch = await SendAsync(HttpMethod.Post, "/v1/tasks/batch", secret, lines, "application/x-ndjson");
        Assert.That((await batch.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(30), "a batch that was begun is taken whole");

        using var refused = await Eventually.GetAsync(
            _ => SendAsync(HttpMethod.Post, "/v1/tasks", secret, Echo), answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(11)));
    }
}
