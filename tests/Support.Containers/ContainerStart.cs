using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Containers;

/// <summary>Starts a container; what goes wrong becomes one sentence with what to do.</summary>
internal static class ContainerStart
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Starts it and returns when it is ready; pulling its image counts.</summary>
    /// <exception cref="ServerStartException">No container engine answers, or the container is not ready within 5 minutes.</exception>
    public static async Task OfAsync(string name, IContainer container, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await container.StartAsync(limit.Token);
        }
        catch (DockerUnavailableException none)
        {
            throw new ServerStartException("No container engine answers: start Docker (or set DOCKER_HOST), or leave out --containers.", none);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerStartException($"{name}'s container ({container.Image.FullName}) was not ready within {Limit.TotalMinutes:0} minutes.", late);
        }
    }
}
