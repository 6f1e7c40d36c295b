namespace Messaging.Tests.Support.Servers;

/// <summary>A RabbitMQ server, wherever it comes from: a private child process, a container, or one that was given.</summary>
public interface IRabbitMq
{
    /// <summary>AMQP URI with user, password and the default virtual host.</summary>
    Uri Uri { get; }

    /// <summary>Base address of the management API; null when the plugin is off. Only tests may use it.</summary>
    Uri? ManagementUri { get; }
}
