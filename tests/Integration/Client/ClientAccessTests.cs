using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Access;

namespace Messaging.Tests.Integration.Client;

/// <summary>What the client makes of keys that may not, and of rates that are used up.</summary>
public sealed class ClientAccessTests : KeyedTest
{
    [Test]
    public async Task Who_may_not_is_told_why()
    {
        var (_, submitOnly) = await MakeAsync(ApiScopes.Submit);
        using var without = Clients.Of(Producer.Address);
        using var with = Clients.Of(Producer.Address, options => options.ApiKey = submitOnly);

        Assert.That(async () => await without.SubmitAsync(new DebugEcho("x")), Refused(401, ProblemTypes.Unauthorized));
        Assert.That(async () => await without.SubmitManyAsync([new DebugEcho("x")]).ToListAsync(), Refused(401, ProblemTypes.Unauthorized), "a batch as a whole");
        var handle = await with.SubmitAsync(new DebugEcho("x"));
        Assert.That(async () => await handle, Refused(403, ProblemTypes.InsufficientScope));
        Assert.That(async () => await handle.CancelAsync(), Refused(403, ProblemTypes.InsufficientScope));
        Assert.That(async () => await handle.Progress.ToListAsync(), Refused(403, ProblemTypes.InsufficientScope));
    }

    [Test]
    public async Task Waits_that_share_a_request_are_refused_too()
    {
        var (_, submitOnly) = await MakeAsync(ApiScopes.Submit);
        using var client = Clients.Of(Producer.Address, options => (options.ApiKey, options.LongPolls) = (submitOnly, 0));

        Assert.That(async () => await await client.SubmitAsync(new DebugEcho("x")), Refused(403, ProblemTypes.InsufficientScope));
    }

    [Test]
    public async Task A_rate_that_is_used_up_is_waited_for()
    {
        var (_, slow) = await MakeAsync(ApiScopes.Submit, rate: 2);
        using var sent = new RecordedRequests();
        using var client = Clients.Of(Producer.Address, options => (options.ApiKey, options.Handler) = (slow, sent));
        using var hasty = Clients.Of(Producer.Address, options => (options.ApiKey, options.RetryFor) = (slow, TimeSpan.Zero));

        // 2 a second with 20 at first.
        var handles = await Task.WhenAll(Enumerable.Range(0, 22).Select(i => client.SubmitAsync(new DebugEcho($"{i}"))));

        Assert.That(handles.Select(h => h.Id), Is.Unique);
        Assert.That(sent.Lines, Has.Count.GreaterThan(22), "some were sent away first");
        var refused = Assert.ThrowsAsync<ProblemException>(async () =>
        {
            for (var i = 0; i < 30; i++)
                await hasty.SubmitAsync(new DebugEcho($"{i}"));
        })!;
        Assert.That((refused.Status, refused.Type), Is.EqualTo((429, ProblemTypes.RateLimited)));
        Assert.That(refused.RetryAfter, Is.GreaterThan(TimeSpan.Zero));
    }

    private static NUnit.Framework.Constraints.EqualStringConstraint Refused(int status, string type) => Throws.InstanceOf<ProblemException>()
        .With.Property(nameof(ProblemException.Status)).EqualTo(status).And.Property(nameof(ProblemException.Type)).EqualTo(type);
}
