using RabbitMQ.Client;

namespace Messaging.Infrastructure.Broker;

/// <summary>An AMQP URI, taken apart.</summary>
/// <param name="Host">Name or address of the broker.</param>
/// <param name="Port">Its port.</param>
/// <param name="VirtualHost">The virtual host, unescaped.</param>
/// <param name="User">The user, unescaped; <c>guest</c> if the URI names none.</param>
/// <param name="Password">The password, unescaped.</param>
/// <param name="Tls">True for <c>amqps</c>.</param>
internal sealed record RabbitMqAddress(string Host, ushort Port, string VirtualHost, string User, string Password, bool Tls)
{
    /// <summary>How often both sides show that they are alive; a connection that is silent for twice as long is given up.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(6);

    /// <summary>How long a connect, or the answer to a declaration, may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Takes an AMQP URI apart.</summary>
    /// <exception cref="FormatException">It is none; the message says what to set, and never contains the password.</exception>
    public static RabbitMqAddress Parse(string? text)
    {
        const string hint = "give it an AMQP URI, e.g. amqp://messaging:secret@localhost:5672/messaging.";
        if (string.IsNullOrWhiteSpace(text))
            throw new FormatException($"Messaging:RabbitMq is not set: {hint}");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0)
            throw new FormatException($"Messaging:RabbitMq is not an AMQP URI: {hint}");
        if (uri.Segments.Length > 2 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new FormatException($"Messaging:RabbitMq has more than a virtual host after the port (a '/' in its name is written %2F): {hint}");
        var tls = uri.Scheme == "amqps";
        var user = uri.UserInfo.Split(':', 2);
        return new RabbitMqAddress(
            uri.Host,
            (ushort)(uri.Port > 0 ? uri.Port : tls ? 5671 : 5672),
            uri.Segments.Length == 2 ? Uri.UnescapeDataString(uri.Segments[1]) : "/",
            user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : "guest",
            user.Length == 2 ? Uri.UnescapeDataString(user[1]) : "guest",
            tls);
    }

    /// <summary>A factory for short connections of our own, beside the bus.</summary>
    /// <param name="name">What the broker's overview shows.</param>
    public ConnectionFactory ToFactory(string name) => new()
    {
        HostName = Host,
        Port = Port,
        VirtualHost = VirtualHost,
        UserName = User,
        Password = Password,
        Ssl = new SslOption { Enabled = Tls, ServerName = Host },
        ClientProvidedName = name,
        AutomaticRecoveryEnabled = false,
        TopologyRecoveryEnabled = false,
        RequestedHeartbeat = Heartbeat,
        RequestedConnectionTimeout = Patience,
        ContinuationTimeout = Patience,
        HandshakeContinuationTimeout = Patience,
    };

    /// <summary>For logs: without user and password.</summary>
    public override string ToString() => $"{Host}:{Port}/{VirtualHost.TrimStart('/')}";
}
