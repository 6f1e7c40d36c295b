using RabbitMQ.Client;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Publishes with RabbitMQ's own client: persistent, confirmed, the same bytes again and again.</summary>
internal sealed class RawSender : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "raw-sender";

    private static readonly BasicProperties Persistent = new() { Persistent = true, ContentType = "application/json" };

    private readonly RawChannel _raw = new();
    private readonly byte[] _body = Payload.Input(Payload.Text);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _raw.OpenAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) => SendWindow.RunAsync(
        tasks,
        BareBus.Window,
        () => _raw.Channel.BasicPublishAsync("", BareBus.Queue, mandatory: true, Persistent, _body, cancellationToken).AsTask(),
        cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _raw.DisposeAsync();
}
