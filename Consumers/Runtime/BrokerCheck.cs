using Messaging.Infrastructure.Broker;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Consumers.Runtime;

/// <summary>The worker's health check of the broker: ready means that every queue has its consumer and deliveries flow, not that some connection is up.</summary>
internal sealed class BrokerCheck(BrokerHealth broker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult((broker.MissingConsumers, broker.StalledQueues) switch
        {
            ({ Count: > 0 } missing, _) => HealthCheckResult.Unhealthy($"no consumer on {string.Join(", ", missing)}"),
            (_, { Count: > 0 } stalled) => HealthCheckResult.Unhealthy($"messages wait in {string.Join(", ", stalled)} and are not delivered"),
            _ => HealthCheckResult.Healthy(),
        });
}
