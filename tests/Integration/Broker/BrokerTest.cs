using System.Text;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Outbox;
using Messaging.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Messaging.Tests.Integration.Broker;

/// <summary>A fixture with a virtual host and a ledger of its own for each test, and a process's two buses on them.</summary>
[CancelAfter(90_000)]
public abstract class BrokerTest
{
    private IConnection? _connection;

    internal RecordingReceiver Receiver { get; } = new();

    protected TestBroker Broker { get; private set; } = null!;

    protected TestLedger Ledger { get; private set; } = null!;

    protected ITaskPublisher Publisher => Ledger.Services.GetRequiredService<ITaskPublisher>();

    protected TaskEndpoints Endpoints => Ledger.Services.GetRequiredService<TaskEndpoints>();

    protected BrokerHealth Health => Ledger.Services.GetRequiredService<BrokerHealth>();

    protected OutboxRelay Relay => Ledger.Services.GetRequiredService<OutboxRelay>();

    protected virtual int Prefetch => 10;

    /// <summary>How long nothing may come before the watch acts.</summary>
    protected virtual TimeSpan DeliverySilence => TimeSpan.FromSeconds(30);

    /// <summary>A bare AMQP channel, to look at things from outside.</summary>
    protected IChannel Outside { get; private set; } = null!;

    [SetUp]
    public async Task MakeBuses()
    {
        Broker = await TestBroker.CreateAsync();
        Ledger = await MakeLedgerAsync(Address(Broker.Uri));
        await Ledger.Services.GetRequiredService<PublishingBus>().StartAsync(CancellationToken.None);
        _connection = await new ConnectionFactory { Uri = Broker.Uri }.CreateConnectionAsync();
        Outside = await _connection.CreateChannelAsync();
    }

    [TearDown]
    public async Task StopBuses()
    {
        await Ledger.DisposeAsync();
        await _connection!.DisposeAsync();
        await Broker.DisposeAsync();
    }

    /// <summary>Where the two buses go, given the broker's address.</summary>
    protected virtual Uri Address(Uri broker) => broker;

    /// <summary>A ledger with both buses, none of them started.</summary>
    protected Task<TestLedger> MakeLedgerAsync(Uri broker)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Messaging:RabbitMq"] = broker.ToString(),
                ["Messaging:DeliverySilence"] = DeliverySilence.ToString(),
            })
            .Build();
        return TestLedger.CreateAsync(services =>
        {
            services.AddSingleton<ITaskReceiver>(Receiver);
            services.AddBrokerPublishing(configuration);
            services.AddOutboxRelay(configuration);
            services.AddBrokerReceiving(["default"], Prefetch);
        });
    }

    /// <summary>Starts listening and waits until the broker has registered the consumers.</summary>
    protected async Task ListenAsync()
    {
        await Endpoints.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => Health.ConsumersRegistered, TimeSpan.FromSeconds(30));
    }

    /// <summary>Publishes one task and answers its id.</summary>
    protected async Task<Guid> PublishAsync(CancellationToken cancellationToken, string queue = "default")
    {
        var task = new RunTask(Guid.NewGuid(), 0, "debug.echo", """{"message":"hello"}"""u8.ToArray(), TimeSpan.FromSeconds(30), 3, null);
        await Publisher.PublishAsync(queue, new RunTasks([task]), cancellationToken);
        return task.Id;
    }

    /// <summary>Puts any body into the default task queue, as a stranger might.</summary>
    protected async Task PutAsync(string body, CancellationToken cancellationToken) =>
        await Outside.BasicPublishAsync("messaging.tasks.default", "", mandatory: true, Encoding.UTF8.GetBytes(body), cancellationToken);
}
