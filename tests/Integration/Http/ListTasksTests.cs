using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Read;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>250 tasks of two kinds, in three queues, with tags, in every state.</summary>
public sealed class ListTasksTests : ProducerTest
{
    private static readonly TaskState[] States =
        [TaskState.Scheduled, TaskState.Queued, TaskState.Running, TaskState.Succeeded, TaskState.Failed, TaskState.Cancelled];

    private readonly List<(Guid Id, TaskState State, string Kind, string Queue, string Tag)> _all = [];

    [OneTimeSetUp]
    public async Task Submit250Tasks()
    {
        await Producer.RegisterAsync(KindDescription.Of(typeof(DebugEcho)) with { Name = "other.kind" });
        for (var i = 0; i < 250; i++)
        {
            // Numbers without a common divisor, so that every combination occurs.
            var (state, kind, queue, tag) = (States[i % 6], i % 5 < 2 ? "other.kind" : "debug.echo", $"queue{i % 7 % 3}", i % 11 == 0 ? "rare" : "often");
            var delay = state == TaskState.Scheduled ? ""","delay":"PT1H" """ : "";
            var task = await Producer.SubmitAsync($$""","queue":"{{queue}}","tags":["all","{{tag}}"]{{delay}}""", kind: kind);
            await MoveAsync(task.Id, state);
            _all.Add((task.Id, state, kind, queue, tag));
        }
    }

    [TestCase("", 250)]
    [TestCase("kind=other.kind", 100)]
    [TestCase("queue=queue1", null)]
    [TestCase("tag=all", 250)]
    [TestCase("tag=rare", 23)]
    [TestCase("tag=nobody-has-it", 0)]
    [TestCase("state=scheduled", 42)]
    [TestCase("state=waiting", 0)]
    [TestCase("state=queued", 42)]
    [TestCase("state=running", 42)]
    [TestCase("state=succeeded", 42)]
    [TestCase("state=failed", 41)]
    [TestCase("state=cancelled", 41)]
    [TestCase("state=expired", 0)]
    [TestCase("state=queued&kind=other.kind", null)]
    [TestCase("state=failed&kind=debug.echo&queue=queue2", null)]
    [TestCase("state=succeeded&tag=rare", null)]
    [TestCase("state=running&tag=often&kind=debug.echo&queue=queue0", null)]
    public async Task Pages_have_every_match_once_and_newest_first(string filter, int? count)
    {
        var expected = _all.Where(t => Matches(t, filter)).Select(t => t.Id).OrderDescending().ToArray();

        var found = new List<TaskResponse>();
        var pages = 0;
        for (var next = $"/v1/tasks?limit=17&{filter}"; next is not null; pages++)
        {
            using var answer = await Producer.GetAsync(next);
            var page = await ReadAsync<Page<TaskResponse>>(answer);
            found.AddRange(page.Items);
            next = NextOf(answer);
            Assert.That(next is null, Is.EqualTo(page.Next is null));
            Assert.That(page.SearchedUntil, Is.Null);
        }

        Assert.Multiple(() =>
        {
            Assert.That(found.Select(t => t.Id), Is.EqualTo(expected));
            Assert.That(found, Has.All.Matches<TaskResponse>(t => t.Input is null && t.Result is null));
            Assert.That(pages, Is.EqualTo(Math.Max(1, (expected.Length + 16) / 17)));
            if (count is { } known)
                Assert.That(expected, Has.Length.EqualTo(known));
            else
                Assert.That(expected, Is.Not.Empty);
        });
    }

    [Test]
    public async Task A_page_has_50_tasks_unless_told_otherwise()
    {
        using var byDefault = await Producer.GetAsync("/v1/tasks");
        using var most = await Producer.GetAsync("/v1/tasks?limit=1000");

        Assert.That((await ReadAsync<Page<TaskResponse>>(byDefault)).Items, Has.Count.EqualTo(50));
        Assert.That((await ReadAsync<Page<TaskResponse>>(most)).Items, Has.Count.EqualTo(250));
    }

    [Test]
    public async Task An_item_says_what_the_task_itself_says()
    {
        using var answer = await Producer.GetAsync("/v1/tasks?state=failed&limit=1");
        var item = (await ReadAsync<Page<TaskResponse>>(answer)).Items.Single();
        var whole = await Producer.FindAsync(item.Id);

        Assert.Multiple(() =>
        {
            Assert.That(item.Failure?.Message, Is.EqualTo(whole.Failure?.Message).And.EqualTo("It broke."));
            Assert.That(item.Tags, Is.EqualTo(whole.Tags));
            Assert.That(item with { Tags = [], Failure = null }, Is.EqualTo(whole with { Input = null, Tags = [], Failure = null }));
        });
    }

    [Test]
    public async Task A_search_that_looked_at_enough_says_how_far_it_came()
    {
        const int many = TaskSearch.MostLooked + 10_000;
        await using var producer = await ProducerHarness.StartAsync();
        // Straight into the tables: only the search is on trial.
        await producer.ScalarAsync(
            $"""
            WITH ids AS (SELECT ('0' || substr(messaging.uuid_floor(now() + n * interval '1 ms')::text, 2, 35))::uuid AS id, n FROM generate_series(1, {many}) n),
                 t AS (INSERT INTO messaging.tasks (id, timeout_ms, max_attempts, kind, queue, input)
                       SELECT id, 1000, 1, CASE n WHEN 5 THEN 'rare.kind' ELSE 'debug.echo' END, 'default', '1' FROM ids)
            INSERT INTO messaging.open_tasks (id, state, queue) SELECT id, 2, 'default' FROM ids
            """);

        using var first = await producer.GetAsync("/v1/tasks?kind=rare.kind");
        var start = await ReadAsync<Page<TaskResponse>>(first);
        var (found, next, pages) = (start.Items.Count, NextOf(first), 1);
        while (next is not null)
        {
            using var answer = await producer.GetAsync(next);
            (found, next) = (found + (await ReadAsync<Page<TaskResponse>>(answer)).Items.Count, NextOf(answer));
            pages++;
        }

        Assert.Multiple(() =>
        {
            Assert.That(start.Items, Is.Empty);
            Assert.That(start.SearchedUntil, Is.Not.Null);
            Assert.That(start.Next, Is.Not.Null);
            Assert.That(found, Is.EqualTo(1));
            Assert.That(pages, Is.GreaterThan(1));
        });
    }

    private static bool Matches((Guid Id, TaskState State, string Kind, string Queue, string Tag) task, string filter) =>
        filter.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(f => f.Split('=')).All(f => f[0] switch
        {
            "state" => task.State.ToString().Equals(f[1], StringComparison.OrdinalIgnoreCase),
            "kind" => task.Kind == f[1],
            "queue" => task.Queue == f[1],
            _ => f[1] == "all" || task.Tag == f[1],
        });

    private static string? NextOf(HttpResponseMessage answer)
    {
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        if (!answer.Headers.TryGetValues("Link", out var links))
            return null;
        var link = links.Single();
        Assert.That(link, Does.EndWith(">; rel=\"next\""));
        return link[1..link.IndexOf('>', StringComparison.Ordinal)];
    }

    private async Task MoveAsync(Guid id, TaskState state)
    {
        switch (state)
        {
            case TaskState.Running:
                await Producer.ClaimAsync(id);
                break;
            case TaskState.Cancelled:
                using (await Producer.Client.PostAsync(new Uri($"/v1/tasks/{id}/cancel", UriKind.Relative), null))
                    break;
            case TaskState.Succeeded:
                await Producer.EndAsync(id);
                break;
            case TaskState.Failed:
                await Producer.EndAsync(id, state, result: null, new TaskFailure("handler-error", "It broke.", false));
                break;
        }
    }
}
