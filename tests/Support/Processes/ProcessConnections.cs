namespace Messaging.Tests.Support.Processes;

/// <summary>The servers that a Producer or a consumer process works with.</summary>
/// <param name="Postgres">Npgsql connection string, database included.</param>
/// <param name="RabbitMq">AMQP URI, virtual host included.</param>
public sealed record ProcessConnections(string Postgres, Uri RabbitMq)
{
    /// <summary>The settings of these connections as environment variables.</summary>
    internal Dictionary<string, string?> AsEnvironment() => new()
    {
        ["Messaging__Postgres"] = Postgres,
        ["Messaging__RabbitMq"] = RabbitMq.ToString(),
        // What the shell that started us has set must not change how the product runs.
        ["ASPNETCORE_ENVIRONMENT"] = null,
        ["DOTNET_ENVIRONMENT"] = null,
        ["ASPNETCORE_HTTP_PORTS"] = null,
    };
}
