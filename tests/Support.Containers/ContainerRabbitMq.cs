using System.Globalization;
using Messaging.Tests.Support.Servers;
using Testcontainers.RabbitMq;

namespace Messaging.Tests.Support.Containers;

/// <summary>A RabbitMQ in a container, with the management API.</summary>
public sealed class ContainerRabbitMq : IRabbitMq, IAsyncDisposable
{
    private const ushort ManagementPort = 15_672;

    private readonly RabbitMqContainer _container = new RabbitMqBuilder(ContainerImages.RabbitMq)
        .WithPortBinding(ManagementPort, assignRandomHostPort: true)
        .Build();

    /// <inheritdoc/>
    public Uri Uri => new(_container.GetConnectionString());

    /// <inheritdoc/>
    public Uri ManagementUri => new(string.Create(
        CultureInfo.InvariantCulture, $"http://{Uri.UserInfo}@{_container.Hostname}:{_container.GetMappedPublicPort(ManagementPort)}/"));

    /// <summary>Starts it and returns when it accepts clients.</summary>
    /// <exception cref="ServerStartException">It does not come up, or no container engine answers.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => ContainerStart.OfAsync("RabbitMQ", _container, cancellationToken);

    /// <summary>Removes the container.</summary>
    public ValueTask DisposeAsync() => _container.DisposeAsync();
}
