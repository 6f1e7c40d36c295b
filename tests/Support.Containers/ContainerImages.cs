namespace Messaging.Tests.Support.Containers;

/// <summary>The images of the containers: the same lines of the servers as in <c>docker-compose.yml</c>.</summary>
public static class ContainerImages
{
    /// <summary>Postgres.</summary>
    public const string Postgres = "postgres:18";

    /// <summary>RabbitMQ, with the management plugin that only the tests' own tools use.</summary>
    public const string RabbitMq = "rabbitmq:4.3-management";
}
