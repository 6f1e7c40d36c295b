using Messaging.Producer.OpenApi;

namespace Messaging.Producer.Cli;

/// <summary><c>openapi</c>: writes the OpenAPI document anew out of the routes, to standard output. Needs no servers.</summary>
internal static class OpenApiCommand
{
    /// <summary>The verb.</summary>
    public const string Verb = "openapi";

    /// <summary>Runs it; answers the exit code.</summary>
    public static async Task<int> RunAsync()
    {
        // Nothing is started, so nothing is connected to.
        await using var app = Program.Build(["--Messaging:Postgres=Host=nowhere", "--Messaging:RabbitMq=amqp://nowhere/"]);
        await Console.Out.WriteAsync(DocumentWriter.Write(DocumentRoutes.Of(app)));
        return 0;
    }
}
