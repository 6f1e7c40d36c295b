using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Http;

namespace Messaging.Tests.Integration.Client;

/// <summary>What takes longer to send than an answer may take is sent once all the same.</summary>
public sealed class SlowWayTests : ProducerTest
{
    // Of each 64 KiB, far less than the request timeout; of all, far more.
    private static readonly TimeSpan OfPiece = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5); // a busy machine may take two for the answer itself

    [Test]
    public async Task A_batch_on_a_slow_way_is_sent_once()
    {
        using var way = new SlowWay();
        using var client = Clients.Of(Producer.Address, options => (options.Handler, options.RequestTimeout) = (way, Timeout));
        var tag = Guid.NewGuid().ToString();

        var items = await client.SubmitManyAsync(
            Enumerable.Range(0, 40).Select(i => new DebugEcho($"{i}{new string('x', 64 * 1024)}")), new SubmitOptions { Tags = [tag] }).ToListAsync();

        Assert.That(items.Select(item => (item.IsAccepted, item.IsReplayed)), Has.All.EqualTo((true, false)));
        Assert.That(way.Requests, Is.EqualTo(1));
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_tags WHERE tag = '{tag}'"), Is.EqualTo(40));
    }

    [Test]
    public async Task A_large_task_on_a_slow_way_is_sent_once()
    {
        using var way = new SlowWay();
        using var client = Clients.Of(Producer.Address, options => (options.Handler, options.RequestTimeout) = (way, Timeout));

        var handle = await client.SubmitAsync(new DebugEcho(new string('y', 3 * SubmitTaskRequest.MaxLineBytes)));

        Assert.That(way.Requests, Is.EqualTo(1));
        Assert.That((await Producer.FindAsync(handle.Id)).Input!.Value.Utf8.Length, Is.GreaterThan(3 * SubmitTaskRequest.MaxLineBytes));
    }

    [Test]
    public void A_way_that_is_stuck_is_given_up()
    {
        using var way = new SlowWay(stuck: true);
        using var client = Clients.Of(
            Producer.Address, options => (options.Handler, options.RequestTimeout, options.RetryFor) = (way, Timeout, TimeSpan.Zero));

        Assert.That(
            async () => await client.SubmitAsync(new DebugEcho(new string('z', 500_000))),
            Throws.InstanceOf<ProducerUnavailableException>().With.InnerException.InstanceOf<TimeoutException>());
    }

    /// <summary>Takes bodies in slowly, and passes them on whole.</summary>
    private sealed class SlowWay(bool stuck = false) : DelegatingHandler(new SocketsHttpHandler())
    {
        public int Requests { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            var taken = new Narrow(stuck);
            await request.Content!.CopyToAsync(taken, cancellationToken);
            var body = new ByteArrayContent(taken.ToArray());
            body.Headers.ContentType = request.Content.Headers.ContentType;
            Assert.That(taken.Length, Is.EqualTo(request.Content.Headers.ContentLength));
            request.Content = body;
            return await base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Narrow(bool stuck) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var pieces = (buffer.Length + (64 * 1024) - 1) / (64 * 1024);
            await Task.Delay(stuck ? System.Threading.Timeout.InfiniteTimeSpan : OfPiece * pieces, TimeProvider.System, cancellationToken);
            await base.WriteAsync(buffer, cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
