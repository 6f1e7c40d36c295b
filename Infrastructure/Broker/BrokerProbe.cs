using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Asks the broker itself how it is, over short connections of its own: what a bus says of its connection is what somebody wants to check.
/// </summary>
internal sealed class BrokerProbe(RabbitMqAddress address)
{
    /// <summary>A name that nobody declares: a message to it comes back at once, stored nowhere.</summary>
    public const string Nowhere = "messaging.nowhere";

    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(3);

    /// <summary>Connects and disconnects.</summary>
    /// <exception cref="Exception">The broker can't be reached or refuses us.</exception>
    public async Task ReachAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
    }

    /// <summary>
    /// True if the broker takes messages now. False: it lets us connect, but does not read what is published, as under a memory or disk
    /// alarm (<see href="https://www.rabbitmq.com/docs/alarms"/>).
    /// </summary>
    /// <exception cref="Exception">The broker can't be reached or refuses us.</exception>
    public async Task<bool> TakesMessagesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirmed, cancellationToken);
        // Twice: a broker under an alarm still takes a connection's first message, and only then stops reading from it.
        return await ComesBackAsync(channel, cancellationToken) && await ComesBackAsync(channel, cancellationToken);
    }

    /// <summary>How many messages wait in each queue, not counting those at a consumer; null for a queue that is not there.</summary>
    /// <exception cref="Exception">The broker can't be reached or refuses us.</exception>
    public async Task<IReadOnlyDictionary<string, uint?>> ReadyMessagesAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var ready = new Dictionary<string, uint?>(StringComparer.Ordinal);
        await using var connection = await ConnectAsync(cancellationToken);
        foreach (var name in names)
        {
            // A queue that is not there breaks its channel.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            try
            {
                ready[name] = (await channel.QueueDeclarePassiveAsync(name, cancellationToken)).MessageCount;
            }
            catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == Constants.NotFound)
            {
                ready[name] = null;
            }
        }

        return ready;
    }

    private static async Task<bool> ComesBackAsync(IChannel channel, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(AnswerPatience);
        try
        {
            await channel.BasicPublishAsync("", Nowhere, mandatory: true, ReadOnlyMemory<byte>.Empty, patience.Token);
        }
        catch (PublishException e) when (e.IsReturn)
        {
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        return true;
    }

    private Task<IConnection> ConnectAsync(CancellationToken cancellationToken) =>
        address.ToFactory("messaging-probe").CreateConnectionAsync(cancellationToken);
}
