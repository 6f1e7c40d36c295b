using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support;

/// <summary>
/// One Postgres and one RabbitMQ for a whole test run. <c>./dev test</c> starts them and names them in the environment; a test that is run
/// alone, from an editor, starts its own at the first use, and they end with the test process. A server that is not there is a
/// failure, never a skipped test.
/// </summary>
public static class SharedServers
{
    /// <summary>Environment variable with the Npgsql connection string of the maintenance database.</summary>
    public const string PostgresVariable = "MESSAGING_TEST_POSTGRES";

    /// <summary>Environment variable with the AMQP URI.</summary>
    public const string RabbitMqVariable = "MESSAGING_TEST_RABBITMQ";

    /// <summary>Environment variable with the management API's base URI.</summary>
    public const string ManagementVariable = "MESSAGING_TEST_RABBITMQ_MANAGEMENT";

    private static readonly Lazy<Task<IPostgres>> SharedPostgres = new(StartPostgresAsync);
    private static readonly Lazy<Task<IRabbitMq>> SharedRabbitMq = new(StartRabbitMqAsync);

    /// <summary>The run's Postgres. Tests that stop or kill it use a <see cref="PostgresServer"/> of their own instead.</summary>
    public static Task<IPostgres> PostgresAsync() => SharedPostgres.Value;

    /// <summary>The run's RabbitMQ. Tests that stop or kill it use a <see cref="RabbitMqServer"/> of their own instead.</summary>
    public static Task<IRabbitMq> RabbitMqAsync() => SharedRabbitMq.Value;

    private static async Task<IPostgres> StartPostgresAsync()
    {
        if (Environment.GetEnvironmentVariable(PostgresVariable) is { Length: > 0 } given)
            return new GivenPostgres(given);
        var server = new PostgresServer(settings: PostgresSettings.Shared);
        await server.StartAsync();
        return server;
    }

    private static async Task<IRabbitMq> StartRabbitMqAsync()
    {
        if (Environment.GetEnvironmentVariable(RabbitMqVariable) is { Length: > 0 } given)
        {
            var management = Environment.GetEnvironmentVariable(ManagementVariable);
            return new GivenRabbitMq(new Uri(given), management is { Length: > 0 } ? new Uri(management) : null);
        }

        var server = new RabbitMqServer(management: true);
        await server.StartAsync();
        return server;
    }

    private sealed record GivenPostgres(string ConnectionString) : IPostgres;

    private sealed record GivenRabbitMq(Uri Uri, Uri? ManagementUri) : IRabbitMq;
}
