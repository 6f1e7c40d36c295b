using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Messages;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Broker;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using RabbitMQ.Client;

namespace Messaging.Tests.Integration.Amqp;

/// <summary>Tasks published to <c>messaging.submit</c> are accepted by the rules of HTTP; what can't be a task is set aside as it was.</summary>
[CancelAfter(120_000)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public sealed class AmqpSubmitTests
{
    private TestBroker _broker = null!;
    private ProducerHarness _producer = null!;
    private AmqpClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _broker = await TestBroker.CreateAsync();
        _producer = await ProducerHarness.StartAsync($"--Messaging:RabbitMq={_broker.Uri}");
        await Eventually.TrueAsync(() => _producer.Get<SubmitEndpoint>().IsConsuming);
        _client = await AmqpClient.ConnectAsync(_broker.Uri);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _client.DisposeAsync();
        await _producer.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Test]
    public async Task A_message_becomes_a_task_and_its_sender_is_told_if_he_asks()
    {
        const string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        var id = Guid.NewGuid();
        var (type, body) = await _client.AskAsync(
            Message(id, ",\"queue\":\"mail\",\"tags\":[\"by-amqp\"],\"delay\":\"PT1H\",\"maxAttempts\":2"),
            properties => properties.Headers = new Dictionary<string, object?> { ["traceparent"] = trace });
        var reply = JsonSerializer.Deserialize<SubmitReply>(body, HttpJson.Options)!;
        var task = await _producer.FindAsync(reply.Id);

        Assert.Multiple(() =>
        {
            Assert.That(type, Is.EqualTo("application/json"));
            Assert.That((reply.Status, reply.Replayed), Is.EqualTo((202, (bool?)null)));
            Assert.That((task.State, task.Queue, task.MaxAttempts), Is.EqualTo((TaskState.Scheduled, "mail", 2)));
            Assert.That(task.Tags, Is.EqualTo(new[] { "by-amqp" }));
            Assert.That(task.Input.ToString(), Is.EqualTo("{\"message\":\"hi\"}"));
        });
        Assert.That(await _producer.ScalarAsync($"SELECT trace_parent FROM messaging.tasks WHERE id = '{task.Id}'"), Is.EqualTo(trace));
    }

    [Test]
    public async Task A_message_without_any_property_will_do()
    {
        var id = Guid.NewGuid();
        await _client.Channel.BasicPublishAsync("messaging.submit", "any.key", mandatory: true, new BasicProperties(), Encoding.UTF8.GetBytes(Message(id)));

        await TaskOfAsync(id);
    }

    [Test]
    public async Task A_callback_comes_along()
    {
        var reply = await ReplyAsync(Message(Guid.NewGuid(), ""","callback":{"url":"https://example.com/by-amqp","events":["task.failed"]}"""));

        Assert.That(await CountAsync($"task_callbacks WHERE task_id = '{reply.Id}' AND url = 'https://example.com/by-amqp' AND events = 2"), Is.EqualTo(1));
        Assert.That(await CountAsync($"open_tasks WHERE id = '{reply.Id}' AND callback"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_same_message_again_makes_no_other_task_by_whatever_door()
    {
        var id = Guid.NewGuid();
        var first = await ReplyAsync(Message(id));
        var again = await ReplyAsync($$""" { "input" : {"message":"h\u0069"}, "id": "{{id}}", "kind":"debug.echo", "idempotencyKey":"{{id}}" } """);
        using var overHttp = await _producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","input":{"message":"hi"},"idempotencyKey":"{{id}}"}""");

        Assert.That((again.Id, again.Replayed), Is.EqualTo((first.Id, (bool?)true)));
        Assert.That(overHttp.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That((await ProducerHarness.ReadAsync<TaskResponse>(overHttp)).Id, Is.EqualTo(first.Id));
        Assert.That(await CountAsync($"idempotency_keys WHERE key = '{id}'"), Is.EqualTo(1));
    }

    [TestCase("{\"id\":\"x\",\"kind\":", "malformed-json", 400, null)]
    [TestCase("", "malformed-json", 400, null)]
    [TestCase("\u00ff", "malformed-json", 400, null, TestName = "Not UTF-8")]
    [TestCase("[]", "invalid-request", 400, "#")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"hi"}}""", "invalid-request", 400, "#/id")]
    [TestCase("""{"id":7,"kind":"debug.echo","input":{"message":"hi"}}""", "invalid-request", 400, "#/id")]
    [TestCase("""{"id":"a","id":"a","kind":"debug.echo","input":{"message":"hi"}}""", "invalid-request", 400, "#/id")]
    [TestCase("""{"id":"","kind":"debug.echo","input":{"message":"hi"}}""", "invalid-value", 422, "#/id")]
    [TestCase("""{"id":"a","idempotencyKey":"b","kind":"debug.echo","input":{"message":"hi"}}""", "invalid-request", 400, "#/idempotencyKey")]
    [TestCase("""{"id":"a","kind":"debug.echo","input":{"message":"hi"},"queu":"mail"}""", "invalid-request", 400, "#/queu")]
    [TestCase("""{"id":"a","kind":"debug.echo","input":{"message":"hi"},"dependsOn":[]}""", "not-built-yet", 400, "#/dependsOn")]
    [TestCase("""{"id":"a","kind":"no.such","input":{}}""", "unknown-kind", 422, "#/kind")]
    [TestCase("""{"id":"a","kind":"messaging.callback","input":{}}""", "invalid-value", 422, "#/kind")]
    [TestCase("""{"id":"a","kind":"debug.echo","input":{"message":"hi"},"callback":{"endpoint":"nobody"}}""", "unknown-callback-endpoint", 422, "#/callback/endpoint")]
    [TestCase("""{"id":"a","kind":"debug.echo","input":{"message":7}}""", "invalid-input", 422, "#/input/message")]
    [TestCase("""{"id":"a","kind":"debug.echo","input":{"message":"hi"},"timeout":"PT25H"}""", "invalid-value", 422, "#/timeout")]
    public async Task What_can_not_be_a_task_is_set_aside_with_the_problem_of_HTTP(string body, string type, int status, string? place)
    {
        var bytes = body == "\u00ff" ? [0xff, 0xfe] : Encoding.UTF8.GetBytes(body);
        var problem = await RejectedAsync(bytes, out var message);
        var rejected = await message;

        Assert.Multiple(() =>
        {
            Assert.That((problem.Type, problem.Status), Is.EqualTo(($"urn:messaging:problem:{type}", status)), problem.Detail);
            Assert.That(problem.Errors?[0].Pointer, Is.EqualTo(place));
            Assert.That(rejected.Body.ToArray(), Is.EqualTo(bytes), "the body is as it was");
            Assert.That(Text(rejected, QueueNames.ReasonHeader), Does.StartWith(problem.Title));
            Assert.That(Text(rejected, QueueNames.OriginHeader), Is.EqualTo("messaging.submit"));
        });
        Assert.That(await CountAsync("idempotency_keys WHERE key = 'a'"), Is.Zero);
    }

    [Test]
    public async Task Another_request_with_the_same_id_is_set_aside()
    {
        var id = Guid.NewGuid();
        var first = await ReplyAsync(Message(id));
        var problem = await RejectedAsync(Encoding.UTF8.GetBytes(Message(id, ",\"queue\":\"mail\"")), out _);

        Assert.That((problem.Type, problem.TaskId, problem.Errors![0].Pointer), Is.EqualTo((ProblemTypes.IdempotencyKeyReused, (Guid?)first.Id, "#/id")));
    }

    [Test]
    public async Task A_message_that_is_too_large_is_set_aside_with_the_way_out()
    {
        var problem = await RejectedAsync(Encoding.UTF8.GetBytes(Message(Guid.NewGuid()).Replace("hi", new string('x', 1024 * 1024), StringComparison.Ordinal)), out _);

        Assert.That((problem.Type, problem.Limit), Is.EqualTo((ProblemTypes.TooLarge, (long?)SubmitTaskRequest.MaxLineBytes)));
        Assert.That(problem.Detail, Does.Contain("/v1/files"));
    }

    [TestCase("application/vnd.masstransit+json", null)]
    [TestCase("application/json", "gzip")]
    public async Task Other_wrappings_are_set_aside(string type, string? encoding)
    {
        var problem = await RejectedAsync(Encoding.UTF8.GetBytes(Message(Guid.NewGuid())), out _, properties => (properties.ContentType, properties.ContentEncoding) = (type, encoding));

        Assert.That(problem.Type, Is.EqualTo(ProblemTypes.UnsupportedMediaType));
    }

    [Test]
    public async Task A_message_set_aside_keeps_its_properties_but_for_those_that_the_broker_would_act_on()
    {
        var problem = await RejectedAsync("{}"u8.ToArray(), out var message, properties =>
        {
            properties.MessageId = "m-1";
            properties.Type = "order-placed";
            properties.AppId = "shop";
            properties.Expiration = "60000";
            properties.UserId = Uri.UnescapeDataString(_broker.Uri.UserInfo.Split(':')[0]);
            properties.Headers = new Dictionary<string, object?> { ["their-own"] = "kept", ["n"] = 7 };
        });
        var rejected = (await message).BasicProperties;

        Assert.Multiple(() =>
        {
            Assert.That((rejected.MessageId, rejected.Type, rejected.AppId), Is.EqualTo(("m-1", "order-placed", "shop")));
            Assert.That(Encoding.UTF8.GetString((byte[])rejected.Headers!["their-own"]!), Is.EqualTo("kept"));
            Assert.That(rejected.Headers["n"], Is.EqualTo(7));
            Assert.That(rejected.IsExpirationPresent() || rejected.IsUserIdPresent() || rejected.IsReplyToPresent(), Is.False);
            Assert.That(problem.Errors, Has.Count.EqualTo(3), "kind, input and id are missing");
        });
    }

    [Test]
    public async Task Nobody_has_answers_sent_into_our_own_queues()
    {
        await _client.PublishAsync(Message(Guid.NewGuid()), properties => properties.ReplyTo = "messaging.submit");
        await _client.PublishAsync("{}", properties => properties.ReplyTo = QueueNames.SubmitRejected);
        var last = await ReplyAsync(Message(Guid.NewGuid()));

        Assert.That(last.Status, Is.EqualTo(202));
        var set = await TakeAllRejectedAsync(m => Encoding.UTF8.GetString(m.Body.Span) == "{}");
        Assert.That(set, Has.Count.EqualTo(1), "the refused message itself, and no answer");
    }

    [Test]
    public async Task Twenty_thousand_messages_become_as_many_tasks_quickly()
    {
        const int count = 20_000;
        var prefix = $"load-{Guid.NewGuid():N}";
        await using var client = await AmqpClient.ConnectAsync(_broker.Uri);
        var watch = Stopwatch.StartNew();
        // Every tenth twice.
        var ids = Enumerable.Range(0, count).SelectMany(i => i % 10 == 0 ? new[] { i, i } : [i]);
        await Parallel.ForEachAsync(
            ids,
            new ParallelOptions { MaxDegreeOfParallelism = 200 },
            async (i, _) => await client.PublishAsync($$"""{"id":"{{prefix}}-{{i}}","kind":"debug.echo","input":{"message":"{{i}}"},"tags":["{{prefix}}"],"delay":"PT5H"}"""));
        var published = watch.Elapsed;
        await Eventually.GetAsync(_ => CountAsync($"task_tags WHERE tag = '{prefix}'"), seen => seen == count, TimeSpan.FromSeconds(60));
        await TestContext.Out.WriteLineAsync($"{count:N0} published in {published.TotalSeconds:0.0} s, all stored {watch.Elapsed.TotalSeconds:0.0} s after the first");
        await Eventually.GetAsync(token => _broker.ReadyMessagesAsync("messaging.submit", token), left => left == 0u);

        Assert.That(await CountAsync($"idempotency_keys WHERE key LIKE '{prefix}%'"), Is.EqualTo(count));
        Assert.That(await CountAsync($"task_tags WHERE tag = '{prefix}'"), Is.EqualTo(count));
        Assert.That(await TakeAllRejectedAsync(m => Encoding.UTF8.GetString(m.Body.Span).Contains(prefix, StringComparison.Ordinal)), Is.Empty);
    }

    private static string Message(Guid id, string more = "") => $$$"""{"id":"{{{id}}}","kind":"debug.echo","input":{"message":"hi"}{{{more}}}}""";

    private async Task<SubmitReply> ReplyAsync(string message)
    {
        var (type, body) = await _client.AskAsync(message);
        Assert.That(type, Is.EqualTo("application/json"), body);
        return JsonSerializer.Deserialize<SubmitReply>(body, HttpJson.Options)!;
    }

    /// <summary>Publishes what is refused; the answer and the header say the same.</summary>
    private Task<Problem> RejectedAsync(byte[] body, out Task<BasicGetResult> rejected, Action<BasicProperties>? more = null)
    {
        var mark = Guid.NewGuid().ToString();
        var taken = new TaskCompletionSource<BasicGetResult>();
        rejected = taken.Task;
        return RejectedAsync(body, mark, taken, more);
    }

    private async Task<Problem> RejectedAsync(byte[] body, string mark, TaskCompletionSource<BasicGetResult> taken, Action<BasicProperties>? more)
    {
        await _client.PublishAsync(body, properties =>
        {
            properties.CorrelationId = mark;
            more?.Invoke(properties);
        });
        var message = await Eventually.GetAsync(async _ => (await TakeAllRejectedAsync(m => m.BasicProperties.CorrelationId == mark)).FirstOrDefault(), found => found is not null);
        taken.SetResult(message!);
        return JsonSerializer.Deserialize<Problem>(Text(message!, QueueNames.ProblemHeader), HttpJson.Options)!;
    }

    private async Task<List<BasicGetResult>> TakeAllRejectedAsync(Func<BasicGetResult, bool> wanted)
    {
        var all = new List<BasicGetResult>();
        while (await _client.TakeRejectedAsync() is { } message)
        {
            if (wanted(message))
                all.Add(message);
        }

        return all;
    }

    private static string Text(BasicGetResult message, string header) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![header]!);

    private Task<object?> TaskOfAsync(Guid id) => Eventually.GetAsync(
        _ => _producer.ScalarAsync($"SELECT t.id FROM messaging.idempotency_keys k JOIN messaging.tasks t ON t.id = k.task_id WHERE k.key = '{id}'"), found => found is Guid);

    private async Task<long> CountAsync(string from) => (long)(await _producer.ScalarAsync($"SELECT count(*) FROM messaging.{from}"))!;
}
