using System.Globalization;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Up;

/// <summary>The whole system in containers, as <c>docker-compose.yml</c> says. Whatever happens, its containers are removed at the end; its volumes stay.</summary>
internal sealed class ComposeUp(UpOptions options, UpOutput output)
{
    private readonly Dictionary<string, string?> _environment = new() { ["MESSAGING_PORT"] = options.Port.ToString(CultureInfo.InvariantCulture) };

    /// <summary>Runs until a stop signal; returns the exit code.</summary>
    /// <exception cref="ServerStartException">Something does not come up; its containers are removed.</exception>
    public static Task<int> RunAsync(UpOptions options, UpOutput output, StopSignals stopping) => new ComposeUp(options, output).RunAsync(stopping);

    private async Task<int> RunAsync(StopSignals stopping)
    {
        if (options.Fresh)
            await RequireAsync(["down", "--volumes"], stopping.First);
        try
        {
            output.Say("Building the images and starting the containers; the first time takes minutes");
            await RequireAsync(["up", "--build", "--detach", "--wait", "--scale", $"consumers={options.Consumers}"], stopping.First);
            output.SayPlainly(Greeting());
            await using var logs = Compose("logs", "--follow", "--since", "1s");
            await stopping.FirstAsync();
            output.Say("Draining; Ctrl-C again to hurry");
            await StopAsync(stopping.Second);
            output.Say("Stopped");
            return 0;
        }
        finally
        {
            await RequireAsync(["down"], CancellationToken.None);
        }
    }

    /// <summary>In order: the processes drain, then the servers. Hurried, all are killed.</summary>
    private async Task StopAsync(CancellationToken hurry)
    {
        try
        {
            await RequireAsync(["stop"], hurry);
        }
        catch (OperationCanceledException)
        {
            await RequireAsync(["kill"], CancellationToken.None);
        }
    }

    private async Task RequireAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        await using var command = Compose([.. arguments]);
        if (await command.Exit.WaitAsync(cancellationToken) is not 0 and var code)
            throw new ServerStartException($"docker compose {arguments[0]} ended with exit code {code}; see above.");
    }

    private ManagedProcess Compose(params IReadOnlyList<string> arguments) => ManagedProcess.Start(
        "docker compose",
        "docker",
        ["compose", "--file", Path.Combine(BuiltOutput.RepositoryRoot, "docker-compose.yml"), "--ansi", "never", .. arguments],
        _environment,
        output.SayPlainly);

    private string Greeting() => $$$"""

        {{{UpOutput.Greeting(options)}}}

        Data:      the volumes messaging_postgres and messaging_rabbitmq (they stay; --fresh empties them)
        Ctrl-C drains and stops everything.

        """;
}
