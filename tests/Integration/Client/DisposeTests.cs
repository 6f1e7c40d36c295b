using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Http;

namespace Messaging.Tests.Integration.Client;

/// <summary>Who waits for a result while the client is disposed is told so, not that somebody has cancelled.</summary>
public sealed class DisposeTests : ProducerTest
{
    [Test]
    public async Task Waits_end_with_an_ObjectDisposedException()
    {
        using var asked = new SemaphoreSlim(0);
        using var handler = new Unanswered(asked);
        var client = Clients.Of(Producer.Address, options => options.Handler = handler);
        var handles = new List<Task<DebugEchoResult>>();
        for (var i = 0; i < 20; i++)
            handles.Add((await client.SubmitAsync(new DebugEcho($"{i}"))).ResultAsync());
        await asked.WaitAsync();

        client.Dispose();

        foreach (var waiting in handles)
            Assert.That(async () => await waiting, Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(async () => await client.Attach(Guid.NewGuid()), Throws.InstanceOf<ObjectDisposedException>(), "nor does anybody begin to");
    }

    /// <summary>Submits go through; a wait is never answered, and ends at the very moment when it is given up.</summary>
    private sealed class Unanswered(SemaphoreSlim asked) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method != HttpMethod.Get)
                return await base.SendAsync(request, cancellationToken);
            var never = new TaskCompletionSource<HttpResponseMessage>(); // whoever ends it goes on with who waits for it
            await using var givenUp = cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
            asked.Release();
            return await never.Task;
        }
    }
}
