using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Messaging.Contracts.Http;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Tests.Integration.Events;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Tests.Integration.Amqp;

/// <summary>The permissions that docs/amqp.md gives, tried: what they are said to be enough for, and what they are said to keep out.</summary>
[CancelAfter(180_000)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public sealed partial class BrokerPermissionTests
{
    private const string DirectReplies = "amq.rabbitmq.reply-to";

    private TestBroker _broker = null!;
    private ProducerHarness _producer = null!;
    private ConsumerProcess _worker = null!;
    private Uri _submitter = null!;
    private Uri _withAnswers = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _broker = await TestBroker.CreateAsync();
        var lines = PermissionLine().Matches(await File.ReadAllTextAsync(Path.Combine(BuiltOutput.RepositoryRoot, "docs", "amqp.md")));
        Assert.That(lines.Select(line => line.Groups["user"].Value), Is.EqualTo(new[] { "shop", "shop", "messaging" }));
        var users = new List<Uri>();
        foreach (Match line in lines)
            users.Add(await _broker.AddUserAsync(line.Groups["configure"].Value, line.Groups["write"].Value, line.Groups["read"].Value));
        (_submitter, _withAnswers) = (users[0], users[1]);
        _producer = await ProducerHarness.StartAsync($"--Messaging:RabbitMq={users[2]}");
        _worker = await ConsumerProcess.StartAsync(new ProcessConnections(_producer.App.Configuration["Messaging:Postgres"]!, users[2]));
        await Eventually.TrueAsync(() => _producer.Get<SubmitEndpoint>().IsConsuming);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _worker.DisposeAsync();
        await _producer.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Test]
    public async Task Producers_and_workers_need_no_more_than_is_written(CancellationToken cancellationToken)
    {
        await Eventually.TrueAsync(() => _producer.Get<ChangeEndpoint>().IsConnected, cancellationToken: cancellationToken);
        using var ready = await _producer.GetAsync("/health/ready");
        using var stream = await _producer.OpenAsync("/v1/events?tag=watched", cancellationToken: cancellationToken);
        var task = await _producer.SubmitAsync(""","tags":["watched"]""");
        var seen = new List<string>();
        while (!seen.Contains("task.succeeded"))
            seen.Add((await stream.NextAsync(cancellationToken))!.Name);

        Assert.That(ready.IsSuccessStatusCode, Is.True, await ready.Content.ReadAsStringAsync(cancellationToken));
        Assert.That((await _producer.FindAsync(task.Id)).Result.ToString(), Does.Contain("hello"));
        Assert.That(_worker.Process.Lines.Where(line => line.Contains("ACCESS_REFUSED", StringComparison.Ordinal) || line.Contains("fail:", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public async Task With_the_first_line_a_service_submits_gets_direct_answers_and_can_do_nothing_else()
    {
        await using var connection = await ConnectAsync(_submitter);
        await using var channel = await OpenAsync(connection);
        var taken = await AskAsync(channel, DirectReplies, """{"id":"first-line","kind":"debug.echo","input":{"message":"hi"}}""");
        var refused = await AskAsync(channel, DirectReplies, """{"id":"no-kind","kind":"no.such","input":{}}""");

        Assert.That(JsonSerializer.Deserialize<SubmitReply>(taken, HttpJson.Options)!.Status, Is.EqualTo(202));
        Assert.That(JsonSerializer.Deserialize<Problem>(refused, HttpJson.Options)!.Type, Is.EqualTo(ProblemTypes.UnknownKind));
        await ReachesNothingOfOursAsync(connection);
        await RefusedAsync(connection, "a queue of its own", c => c.QueueDeclareAsync("shop.answers", durable: false, exclusive: true, autoDelete: true));
        await RefusedAsync(connection, "a queue that the server names", c => c.QueueDeclareAsync());
        await RefusedAsync(connection, "an exchange of its own", c => c.ExchangeDeclareAsync("shop.events", ExchangeType.Fanout));
    }

    [Test]
    public async Task With_the_second_line_it_has_queues_of_its_own_for_answers_and_still_reaches_nothing_of_ours()
    {
        await using var connection = await ConnectAsync(_withAnswers);
        await using var channel = await OpenAsync(connection);
        await channel.QueueDeclareAsync("shop.answers", durable: false, exclusive: true, autoDelete: true);
        var taken = await AskAsync(channel, "shop.answers", """{"id":"second-line","kind":"debug.echo","input":{"message":"hi"}}""");

        Assert.That(JsonSerializer.Deserialize<SubmitReply>(taken, HttpJson.Options)!.Status, Is.EqualTo(202));
        await ReachesNothingOfOursAsync(connection);
        foreach (var exchange in new[] { QueueNames.Submit, QueueNames.OfTasks("default"), QueueNames.TasksChanged })
            await RefusedAsync(connection, $"{exchange} bound to its queue", c => c.QueueBindAsync("shop.answers", exchange, ""));
        await RefusedAsync(connection, "its dead letters into a queue of tasks", c => c.QueueDeclareAsync(
            "shop.trap", durable: false, exclusive: true, autoDelete: true, new Dictionary<string, object?> { ["x-dead-letter-exchange"] = QueueNames.OfTasks("default") }));
    }

    private static async Task ReachesNothingOfOursAsync(IConnection connection)
    {
        var tasks = QueueNames.OfTasks("default");
        await RefusedAsync(connection, "publishing past the door", c => PublishAsync(c, tasks, ""));
        await RefusedAsync(connection, "publishing into a queue by its name", c => PublishAsync(c, "", tasks));
        await RefusedAsync(connection, "saying that tasks have changed", c => PublishAsync(c, QueueNames.TasksChanged, ""));
        foreach (var queue in new[] { QueueNames.Submit, QueueNames.SubmitRejected, tasks, QueueNames.Dead, QueueNames.Rejected })
        {
            await RefusedAsync(connection, $"a message of {queue}", c => c.BasicGetAsync(queue, autoAck: true));
            await RefusedAsync(connection, $"consuming {queue}", c => c.BasicConsumeAsync(queue, autoAck: true, new AsyncEventingBasicConsumer(c)));
            await RefusedAsync(connection, $"purging {queue}", c => c.QueuePurgeAsync(queue));
            await RefusedAsync(connection, $"deleting {queue}", c => c.QueueDeleteAsync(queue));
            await RefusedAsync(connection, $"deleting the exchange {queue}", c => c.ExchangeDeleteAsync(queue));
        }

        await RefusedAsync(connection, "declaring what looks like ours", c => c.QueueDeclareAsync(QueueNames.OfTasks("mine"), durable: true, exclusive: false, autoDelete: false));
        await using var channel = await OpenAsync(connection);
        Assert.That((await channel.QueueDeclarePassiveAsync(QueueNames.Submit)).QueueName, Is.EqualTo(QueueNames.Submit), "how many messages wait is no secret");
    }

    /// <summary>The broker closes the channel of who may not do something, with 403.</summary>
    private static async Task RefusedAsync(IConnection connection, string what, Func<IChannel, Task> act)
    {
        await using var channel = await OpenAsync(connection);
        var closed = new TaskCompletionSource<ShutdownEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };
        Assert.That(async () => await act(channel), Throws.Exception, what);
        var reason = await closed.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.That(reason.ReplyCode, Is.EqualTo(Constants.AccessRefused), $"{what}: {reason.ReplyText}");
    }

    private static async Task<string> AskAsync(IChannel channel, string replyTo, string message)
    {
        var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            answer.TrySetResult(Encoding.UTF8.GetString(delivery.Body.Span));
            return Task.CompletedTask;
        };
        var tag = await channel.BasicConsumeAsync(replyTo, autoAck: true, consumer);
        await PublishAsync(channel, QueueNames.Submit, "", message, replyTo);
        var body = await answer.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        await channel.BasicCancelAsync(tag);
        return body;
    }

    private static Task PublishAsync(IChannel channel, string exchange, string key, string message = "{}", string? replyTo = null) => channel.BasicPublishAsync(
        exchange, key, mandatory: true, new BasicProperties { ContentType = "application/json", ReplyTo = replyTo, CorrelationId = replyTo }, Encoding.UTF8.GetBytes(message)).AsTask();

    private static Task<IConnection> ConnectAsync(Uri user) => new ConnectionFactory { Uri = user, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    private static Task<IChannel> OpenAsync(IConnection connection) =>
        connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));

    [GeneratedRegex(@"set_permissions -p messaging (?<user>\S+) '(?<configure>[^']*)' '(?<write>[^']*)' '(?<read>[^']*)'")]
    private static partial Regex PermissionLine();
}
