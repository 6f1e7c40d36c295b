using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Stands between the relay and the broker; while it is closed, sends wait in front of it. Open at first.</summary>
/// <param name="publisher">The way to the broker.</param>
internal sealed class PublishGate(ITaskPublisher publisher) : ITaskPublisher
{
    private volatile TaskCompletionSource _open = Opened();

    /// <summary>Puts a gate in front of the publisher that is registered.</summary>
    public static void AddTo(IServiceCollection services)
    {
        var real = services.Last(service => service.ServiceType == typeof(ITaskPublisher)).ImplementationType!;
        services.AddSingleton(provider => new PublishGate((ITaskPublisher)ActivatorUtilities.CreateInstance(provider, real)));
        services.AddSingleton<ITaskPublisher>(provider => provider.GetRequiredService<PublishGate>());
    }

    /// <summary>Sends wait from now on.</summary>
    public void Close() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets through what waits and what comes.</summary>
    public void Open() => _open.TrySetResult();

    /// <inheritdoc/>
    public async Task PublishAsync(string queue, RunTasks message, CancellationToken cancellationToken)
    {
        await _open.Task.WaitAsync(cancellationToken);
        await publisher.PublishAsync(queue, message, cancellationToken);
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }
}
