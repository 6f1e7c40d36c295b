using System.ComponentModel;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Dev.Up;

/// <summary>A Docker engine that answers, and the Compose that goes with it.</summary>
/// <param name="Version">Of the engine.</param>
/// <param name="Compose">Of Compose.</param>
public sealed record DockerEngine(string Version, string Compose)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Asks for it; null when there is no client, no engine answers within 15 seconds, or it has no <c>docker compose</c>.</summary>
    public static async Task<DockerEngine?> FindAsync(CancellationToken cancellationToken)
    {
        var version = await AskAsync(["version", "--format", "{{.Server.Version}}"], cancellationToken);
        var compose = version is null ? null : await AskAsync(["compose", "version", "--short"], cancellationToken);
        return version is null || compose is null ? null : new DockerEngine(version, compose);
    }

    /// <inheritdoc/>
    public override string ToString() => $"Docker {Version}, Compose {Compose}";

    private static async Task<string?> AskAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var answer = await Command.RunAsync("docker", arguments, cancellationToken: limit.Token);
            return answer.Succeeded && answer.Output.Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Win32Exception)
        {
            // No such program.
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
