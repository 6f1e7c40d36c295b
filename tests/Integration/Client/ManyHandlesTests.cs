using Messaging.Contracts.Client;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;

namespace Messaging.Tests.Integration.Client;

/// <summary>A thousand handles awaited at once need few connections and few requests.</summary>
public sealed class ManyHandlesTests : ProducerTest
{
    private const int Count = 1_000;

    [Test]
    public async Task A_thousand_awaited_handles_share_connections_and_requests()
    {
        using var sent = new RecordedRequests();
        using var client = Clients.Of(Producer.Address, options => options.Handler = sent);
        var handles = await client.SubmitManyAsync(Enumerable.Range(0, Count).Select(i => new DebugEcho($"{i}"))).Select(item => item.Handle!).ToListAsync();
        var waits = handles.Select(handle => handle.EndAsync()).ToArray();
        // Everybody is looked at a few times while nothing happens.
        await Eventually.TrueAsync(() => sent.Lines.Count(line => line.Contains("ids=", StringComparison.Ordinal)) > 20, TimeSpan.FromSeconds(20));
        var before = sent.Lines.Count;

        await Task.WhenAll(handles.Select((handle, i) => EndAsync(handle.Id, i)));
        var ended = await Task.WhenAll(waits);

        Assert.That(ended.Select(task => task.Id), Is.EqualTo(handles.Select(handle => handle.Id)));
        Assert.That(ended.Select((task, i) => task.State == StateOf(i)), Has.All.True);
        Assert.That(ended.Where(task => task.State == TaskState.Succeeded).Select(task => task.Result!.Value.ToString()), Has.All.EqualTo("""{"message":"hello","attempt":1}"""));
        Assert.That(sent.Lines.Count(line => line.Contains("wait=", StringComparison.Ordinal)), Is.LessThan(60), "long polls are for a few");
        Assert.That(before, Is.LessThan(150), "until then");
        Assert.That(sent.Lines, Has.Count.LessThan(Count), "a result for each of the 500 that have one, and the looks");
        Assert.That(sent.MostAtOnce, Is.LessThanOrEqualTo(32));
        await TestContext.Out.WriteLineAsync($"{sent.Lines.Count} requests for {Count} tasks, {sent.MostAtOnce} at once");
    }

    [Test]
    public async Task Looks_become_rarer_while_nothing_happens_and_end_with_the_waits()
    {
        using var sent = new RecordedRequests();
        using var client = Clients.Of(Producer.Address, options => (options.Handler, options.LongPolls) = (sent, 0));
        var handle = await client.SubmitAsync(new DebugEcho("slow"));
        using var enough = new CancellationTokenSource();
        var waiting = handle.EndAsync(enough.Token);
        await Eventually.TrueAsync(() => sent.Lines.Count > 8, TimeSpan.FromSeconds(20));
        var (early, since) = (sent.Lines.Count, TimeProvider.System.GetTimestamp());
        await Eventually.TrueAsync(() => sent.Lines.Count > early + 3, TimeSpan.FromSeconds(20));

        Assert.That(TimeProvider.System.GetElapsedTime(since), Is.GreaterThan(TimeSpan.FromMilliseconds(400)), "each look waits for a quarter of what was waited before");
        await enough.CancelAsync();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        await Producer.EndAsync(handle.Id);
        Assert.That((await handle).Message, Is.EqualTo("hello"));
    }

    private static TaskState StateOf(int i) => (i % 4) switch
    {
        0 => TaskState.Failed,
        1 => TaskState.Cancelled,
        _ => TaskState.Succeeded,
    };

    private Task EndAsync(Guid id, int i) => StateOf(i) switch
    {
        TaskState.Succeeded => Producer.EndAsync(id),
        var state => Producer.EndAsync(id, state, null, new TaskFailure("because", "A test.", false)),
    };
}
