using Messaging.Tests.Support.Servers;
using Testcontainers.PostgreSql;

namespace Messaging.Tests.Support.Containers;

/// <summary>A Postgres in a container, with the settings of the private one that tests share: durable, where Testcontainers' default is not.</summary>
public sealed class ContainerPostgres : IPostgres, IAsyncDisposable
{
    // The last of several settings with one name counts.
    private readonly PostgreSqlContainer _container = new PostgreSqlBuilder(ContainerImages.Postgres)
        .WithCommand([.. PostgresSettings.Shared.SelectMany(setting => new[] { "-c", $"{setting.Key}={setting.Value}" })])
        .Build();

    /// <inheritdoc/>
    public string ConnectionString => _container.GetConnectionString();

    /// <summary>Starts it and returns when it accepts clients.</summary>
    /// <exception cref="ServerStartException">It does not come up, or no container engine answers.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => ContainerStart.OfAsync("Postgres", _container, cancellationToken);

    /// <summary>Removes the container.</summary>
    public ValueTask DisposeAsync() => _container.DisposeAsync();
}
