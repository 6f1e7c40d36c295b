using System.Net;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>A queue takes only so many open tasks; then callers are told to come back, and may when it has drained.</summary>
[CancelAfter(60_000)]
public sealed class QueueFullTests
{
    private static readonly string[] Limits =
        ["--Messaging:Queues:MaxDepth=5", "--Messaging:Queues:MaxDepthOf:small=2", "--Messaging:Queues:MaxDepthOf:closed=0", "--Messaging:Queues:CountEvery=00:05:00"];

    [Test]
    public async Task A_full_queue_answers_429_while_others_take_on_and_opens_when_it_has_drained(CancellationToken cancellationToken)
    {
        await using var producer = await StartCountedAsync(Limits);
        var accepted = new List<Guid>();
        for (var i = 0; i < 5; i++)
            accepted.Add((await producer.SubmitAsync()).Id);

        using (var refused = await PostAsync(producer))
        {
            var problem = await ProblemAsync(refused, HttpStatusCode.TooManyRequests, ProblemTypes.QueueFull);
            Assert.Multiple(() =>
            {
                Assert.That((problem.Queue, problem.Depth, problem.Limit), Is.EqualTo(("default", 5L, 5L)));
                Assert.That(refused.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(problem.RetryAfter!.Value)));
                Assert.That(problem.RetryAfter, Is.GreaterThan(0));
            });
        }

        Assert.That(await producer.ScalarAsync("SELECT count(*) FROM messaging.tasks"), Is.EqualTo(5L), "what was refused is not stored");
        await producer.SubmitAsync(""","queue":"other" """);
        using (var closed = await PostAsync(producer, ""","queue":"closed" """))
            await ProblemAsync(closed, HttpStatusCode.TooManyRequests, ProblemTypes.QueueFull);

        await producer.EndAsync(accepted[0]);
        await producer.Get<QueueDepths>().CountAsync(cancellationToken);
        await producer.SubmitAsync();
        using var full = await PostAsync(producer);
        await ProblemAsync(full, HttpStatusCode.TooManyRequests, ProblemTypes.QueueFull);
    }

    [Test]
    public async Task In_a_batch_the_lines_before_the_limit_are_taken_and_those_after_it_refused_each_by_its_queue()
    {
        await using var producer = await StartCountedAsync(Limits);
        string[] queues = ["small", "default", "small", "small", "default", "small", "default", "default", "default", "default"];
        var lines = string.Join('\n', queues.Select(queue => $$"""{"kind":"debug.echo","input":{"message":"m"},"queue":"{{queue}}"}"""));
        using var answer = await producer.PostAsync("/v1/tasks/batch", lines, "application/x-ndjson");
        var answers = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<BatchAnswer>(line, HttpJson.Options)!).ToArray();

        Assert.That(answers.Select(a => a.Status), Is.EqualTo(new[] { 202, 202, 202, 429, 202, 429, 202, 202, 202, 429 }));
        var refused = answers[3].Problem!;
        Assert.Multiple(() =>
        {
            Assert.That((refused.Type, refused.Queue, refused.Depth, refused.Limit), Is.EqualTo((ProblemTypes.QueueFull, "small", 2L, 2L)));
            Assert.That(refused.RetryAfter, Is.GreaterThan(0));
        });
        Assert.That(await producer.ScalarAsync("SELECT count(*) FROM messaging.open_tasks"), Is.EqualTo(7L));
    }

    [Test]
    public async Task What_others_have_put_into_a_queue_counts_after_the_next_look(CancellationToken cancellationToken)
    {
        await using var producer = await StartCountedAsync(Limits);
        await producer.ScalarAsync(
            "INSERT INTO messaging.open_tasks (id, queue, state) SELECT gen_random_uuid(), 'default', 2 FROM generate_series(1, 7)");
        await producer.Get<QueueDepths>().CountAsync(cancellationToken);
        Assert.That(producer.Get<QueueDepths>().Of("default"), Is.EqualTo(7));

        using var refused = await PostAsync(producer);
        await ProblemAsync(refused, HttpStatusCode.TooManyRequests, ProblemTypes.QueueFull);
    }

    [Test]
    public async Task A_task_is_counted_once_however_the_counts_and_the_submits_fall(CancellationToken cancellationToken)
    {
        await using var producer = await StartCountedAsync("--Messaging:Queues:MaxDepth=100000", "--Messaging:Queues:CountEvery=00:05:00");
        var depths = producer.Get<QueueDepths>();
        for (var round = 1; round <= 10; round++)
        {
            var submits = Enumerable.Range(0, 20).Select(_ => producer.SubmitAsync()).ToArray();
            await depths.CountAsync(cancellationToken);
            await Task.WhenAll(submits);
            Assert.That(depths.Of("default"), Is.InRange(round * 20L, (round * 20L) + 20), "at worst a round is counted twice for a while");
            await depths.CountAsync(cancellationToken);
            Assert.That(depths.Of("default"), Is.EqualTo(round * 20L));
        }
    }

    /// <summary>The only count of its own is over; from here on the test says when one is due.</summary>
    private static async Task<ProducerHarness> StartCountedAsync(params string[] settings)
    {
        var producer = await StartAsync(settings);
        await Eventually.TrueAsync(() => producer.Get<QueueDepths>().IsCounted);
        return producer;
    }

    private static Task<HttpResponseMessage> PostAsync(ProducerHarness producer, string more = "") =>
        producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","input":{"message":"hi"}{{more}}}""");
}
