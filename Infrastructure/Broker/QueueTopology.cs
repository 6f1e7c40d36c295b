using RabbitMQ.Client;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The queues and their arguments. They were fixed on day one: a broker refuses to declare an existing queue with other arguments,
/// so sender and consumer must say the same, in every version.
/// </summary>
internal static class QueueTopology
{
    // Without a limit of ours RabbitMQ 4 drops a message after 20 returns of any sort, a consumer's restart included.
    private const int DeliveryLimit = 1_000_000;

    /// <summary>The arguments of a task queue: replicated, and what the broker gives up goes to <see cref="QueueNames.Dead"/> without loss.</summary>
    public static IReadOnlyDictionary<string, object?> TaskArguments { get; } = new Dictionary<string, object?>
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
        ["x-dead-letter-exchange"] = QueueNames.Dead,
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish", // what at-least-once requires; nothing limits the length
    };

    /// <summary>The arguments of <see cref="QueueNames.Submit"/>: what the broker gives up is kept beside what was refused.</summary>
    public static IReadOnlyDictionary<string, object?> SubmitArguments { get; } = new Dictionary<string, object?>(TaskArguments)
    {
        ["x-dead-letter-exchange"] = QueueNames.SubmitRejected,
    };

    /// <summary>The arguments of <see cref="QueueNames.Dead"/>, <see cref="QueueNames.Rejected"/> and <see cref="QueueNames.SubmitRejected"/>.</summary>
    public static IReadOnlyDictionary<string, object?> PlainArguments { get; } = new Dictionary<string, object?>
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
    };

    /// <summary>The arguments of a queue, by its name on the broker.</summary>
    public static IReadOnlyDictionary<string, object?> ArgumentsOf(string name) =>
        name is QueueNames.Dead or QueueNames.Rejected or QueueNames.SubmitRejected ? PlainArguments
        : name is QueueNames.Submit ? SubmitArguments
        : TaskArguments;

    /// <summary>Declares a queue with its exchange and binding; does nothing if they are there.</summary>
    /// <param name="channel">A channel; broken if the broker has the queue with other arguments.</param>
    /// <param name="name">The name on the broker.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task DeclareAsync(IChannel channel, string name, CancellationToken cancellationToken)
    {
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
        var arguments = new Dictionary<string, object?>(ArgumentsOf(name));
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(name, name, routingKey: "", cancellationToken: cancellationToken);
    }

    /// <summary>Declares the exchange for changed tasks; does nothing if it is there. What is sent to it while no producer listens is dropped.</summary>
    public static Task DeclareChangesAsync(IChannel channel, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(QueueNames.TasksChanged, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
}
