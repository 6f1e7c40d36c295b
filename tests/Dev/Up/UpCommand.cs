using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Up;

/// <summary><c>./dev up</c>: the whole system until Ctrl-C, as processes of this machine or in containers.</summary>
public static class UpCommand
{
    /// <summary>Runs until a stop signal; returns the exit code.</summary>
    /// <exception cref="ServerStartException">Something does not come up; nothing is left running.</exception>
    public static async Task<int> RunAsync(UpOptions options, StopSignals stopping)
    {
        var output = new UpOutput();
        if (!FreePorts.IsFree(options.Port))
            throw new ServerStartException($"Port {options.Port} is in use: stop what listens there, or choose another one with --port.");
        var serversInstalled = ServerBinaries.Postgres() is not null && ServerBinaries.RabbitMq() is not null;
        // An engine that is not going to be used is not asked.
        var engine = options.Docker || (!serversInstalled && options.Data is null) ? await DockerEngine.FindAsync(stopping.First) : null;
        var route = UpRoute.Choose(options, serversInstalled, engine);
        output.Say(route.Sentence);
        return route.Engine is null
            ? await LocalUp.RunAsync(options, output, stopping)
            : await ComposeUp.RunAsync(options, output, stopping);
    }
}
