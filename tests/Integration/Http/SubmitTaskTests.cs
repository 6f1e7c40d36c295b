using System.Net;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

public sealed class SubmitTaskTests : ProducerTest
{
    [Test]
    public async Task Answers_202_with_the_task_and_where_to_look()
    {
        using var answer = await Producer.PostAsync("/v1/tasks", """{"kind":"debug.echo","input":{"message":"hi"},"tags":["a","b"]}""");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        var task = await ReadAsync<TaskResponse>(answer);
        Assert.Multiple(() =>
        {
            Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/json"));
            Assert.That(answer.Headers.Location?.ToString(), Is.EqualTo($"/v1/tasks/{task.Id}"));
            Assert.That(answer.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(1)));
            Assert.That(task.State, Is.EqualTo(TaskState.Queued));
            Assert.That(task.Input.ToString(), Is.EqualTo("""{"message":"hi"}"""));
            Assert.That(task.Queue, Is.EqualTo("default"));
            Assert.That(task.MaxAttempts, Is.EqualTo(5));
            Assert.That(task.Tags, Is.EqualTo(new[] { "a", "b" }));
        });
    }

    [Test]
    public async Task Says_the_same_of_a_task_when_accepting_it_and_when_asked_later()
    {
        using var answer = await Producer.PostAsync(
            "/v1/tasks", """{"kind":"debug.echo","input":{"message":"hi"},"tags":["x"],"queue":"slow","delay":"PT1H","timeout":"PT9S","maxAttempts":7,"deadline":"2099-01-01T00:00:00Z"}""");
        var accepted = await answer.Content.ReadAsStringAsync();
        using var later = await Producer.GetAsync(answer.Headers.Location!.ToString());

        Assert.That(await later.Content.ReadAsStringAsync(), Is.EqualTo(accepted));
    }

    [Test]
    public async Task Keeps_the_input_byte_by_byte()
    {
        const string input = """{ "message" :  "\u00e4 ä 🙂 \/" , "failTimes":0}""";

        var task = await Producer.SubmitAsync(input: input);

        Assert.That((await Producer.FindAsync(task.Id)).Input.ToString(), Is.EqualTo(input));
    }

    [Test]
    public async Task Large_requests_that_wait_for_their_tasks_hold_up_no_other_large_ones()
    {
        var cancellationToken = TestContext.CurrentContext.CancellationToken;
        var large = $$$"""{"kind":"debug.echo","queue":"large-waits","input":{"message":"{{{new string('x', 1_500_000)}}}"}}""";
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = Enumerable.Range(0, 10).Select(_ => WaitAsync(enough.Token)).ToArray();
        await Eventually.GetAsync(
            _ => Producer.ScalarAsync("SELECT count(*) FROM messaging.tasks WHERE queue = 'large-waits'"), seen => seen is >= 10L, cancellationToken: cancellationToken);
        using var another = await Producer.PostAsync("/v1/tasks", large);

        Assert.That(another.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(waiting.Select(wait => wait.IsCompleted), Has.All.False);
        await enough.CancelAsync();
        Assert.That(async () => await Task.WhenAll(waiting), Throws.InstanceOf<OperationCanceledException>());

        async Task WaitAsync(CancellationToken token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tasks") { Content = new StringContent(large, Encoding.UTF8, "application/json") };
            request.Headers.Add("Prefer", "wait=60");
            using var answer = await Producer.Client.SendAsync(request, token);
        }
    }

    [Test]
    public async Task Puts_a_task_off_by_a_delay_or_to_a_time()
    {
        var delayed = await Producer.SubmitAsync(""","delay":"PT1H" """);
        var timed = await Producer.SubmitAsync($$""","runAt":"{{delayed.RunAt:yyyy-MM-ddTHH:mm:sszzz}}" """);
        var past = await Producer.SubmitAsync(""","runAt":"2020-01-01T00:00:00Z" """);

        Assert.Multiple(() =>
        {
            Assert.That(delayed.State, Is.EqualTo(TaskState.Scheduled));
            Assert.That(delayed.RunAt - delayed.CreatedAt, Is.EqualTo(TimeSpan.FromHours(1)).Within(TimeSpan.FromMilliseconds(1)));
            Assert.That(timed.State, Is.EqualTo(TaskState.Scheduled));
            Assert.That(past.State, Is.EqualTo(TaskState.Queued));
        });
        Assert.That((await Producer.FindAsync(timed.Id)).State, Is.EqualTo(TaskState.Scheduled));
    }

    [Test]
    public async Task Accepts_a_kind_that_a_worker_registered_a_moment_ago()
    {
        await Producer.RegisterAsync(KindDescription.Of(typeof(DebugEcho)) with { Name = "brand.new", Queue = "fresh" });

        var task = await Producer.SubmitAsync(kind: "brand.new");

        Assert.That(task.Queue, Is.EqualTo("fresh"));
    }

    [Test]
    public async Task Takes_the_trace_of_the_request_along()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks", UriKind.Relative));
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Content = new StringContent("""{"kind":"debug.echo","input":{"message":"hi"}}""", Encoding.UTF8, "application/json");
        using var answer = await Producer.Client.SendAsync(request);
        var task = await ReadAsync<TaskResponse>(answer);

        var stored = await Producer.ScalarAsync($"SELECT trace_parent FROM messaging.tasks WHERE id = '{task.Id}'");

        Assert.That(stored, Does.StartWith("00-0af7651916cd43dd8448eb211c80319c-"));
    }

    [Test]
    public async Task Waits_for_the_end_if_the_client_prefers_to()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks", UriKind.Relative));
        request.Headers.Add("Prefer", "respond-async, wait=30");
        request.Content = new StringContent("""{"kind":"debug.echo","input":{"message":"wait"},"tags":["waited-for"]}""", Encoding.UTF8, "application/json");
        var answering = Producer.Client.SendAsync(request);
        await Producer.EndAsync(await Producer.IdOfTagAsync("waited-for"));
        using var answer = await answering;

        var task = await ReadAsync<TaskResponse>(answer);
        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(answer.Headers.GetValues("Preference-Applied"), Is.EqualTo(new[] { "wait=30" }));
            Assert.That(task.State, Is.EqualTo(TaskState.Succeeded));
        });
    }

    [Test]
    public async Task Answers_202_if_the_task_has_not_ended_when_the_wait_is_over()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks", UriKind.Relative));
        request.Headers.Add("Prefer", "wait=1");
        request.Content = new StringContent("""{"kind":"debug.echo","input":{"message":"wait"}}""", Encoding.UTF8, "application/json");
        using var answer = await Producer.Client.SendAsync(request);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That((await ReadAsync<TaskResponse>(answer)).State, Is.EqualTo(TaskState.Queued));
    }
}
