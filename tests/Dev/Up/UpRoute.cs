using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Up;

/// <summary>Whether the system runs as processes or in containers.</summary>
/// <param name="Engine">The engine of the containers; null: processes.</param>
/// <param name="Sentence">What was chosen and why, for the person who started it.</param>
public sealed record UpRoute(DockerEngine? Engine, string Sentence)
{
    /// <summary>Processes, unless containers were asked for or are the only thing that is there.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="serversInstalled">Whether this machine has Postgres and RabbitMQ.</param>
    /// <param name="engine">The Docker engine that answers; null: none, or nobody asked.</param>
    /// <exception cref="ServerStartException">Containers were asked for and no engine with Compose answers.</exception>
    public static UpRoute Choose(UpOptions options, bool serversInstalled, DockerEngine? engine)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Docker)
        {
            return engine is not null
                ? new(engine, $"Running in containers ({engine}), as --docker asks")
                : throw new ServerStartException("--docker: no Docker engine with Compose 2 answers. Start it (docker info; docker compose version), or leave out --docker.");
        }

        if (serversInstalled)
            return new(Engine: null, "Running as processes of this machine, with the Postgres and RabbitMQ that are installed here (--docker: in containers)");
        return engine is not null
            ? new(engine, $"Running in containers ({engine}), since Postgres and RabbitMQ are not installed on this machine")
            : new(Engine: null, "Running as processes of this machine: Postgres and RabbitMQ have to be installed first, no Docker engine answers");
    }
}
