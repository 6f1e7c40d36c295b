using RabbitMQ.Client;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// A connection for what is only a hint: not confirmed, not mandatory, not durable. It is made when it is needed. Not thread-safe: it belongs
/// to one loop.
/// </summary>
/// <param name="address">The broker.</param>
/// <param name="name">What the broker's overview shows for it.</param>
/// <param name="declare">Declares what is sent to.</param>
internal sealed class HintConnection(RabbitMqAddress address, string name, Func<IChannel, CancellationToken, Task> declare)
{
    /// <summary>How long a send may take, a new connection included.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private IConnection? _connection;

    /// <summary>The channel, if there is a connection; it may be closed.</summary>
    public IChannel? Channel { get; private set; }

    /// <summary>The channel, on a new connection if need be.</summary>
    /// <exception cref="Exception">The broker can't be reached.</exception>
    public async Task<IChannel> OpenAsync(CancellationToken cancellationToken)
    {
        if (Channel is { IsOpen: true } open)
            return open;
        await CloseAsync();
        _connection = await address.ToFactory(name).CreateConnectionAsync(cancellationToken);
        var channel = await _connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await declare(channel, cancellationToken);
        return Channel = channel;
    }

    /// <summary>Ends the connection, if there is one. Never throws.</summary>
    /// <returns>What went wrong; null: nothing.</returns>
    public async Task<string?> CloseAsync()
    {
        var connection = _connection;
        (_connection, Channel) = (null, null);
        if (connection is null)
            return null;
        try
        {
            await connection.CloseAsync(Constants.ReplySuccess, "nothing to say", Patience, abort: true, CancellationToken.None);
            await connection.DisposeAsync();
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }
}
