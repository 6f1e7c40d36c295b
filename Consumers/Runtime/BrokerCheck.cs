using Messaging.Infrastructure.Broker;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Consumers.Runtime;

/// <summary>The worker's health check of the broker: ready means that every queue has its consumer, not that some connection is up.</summary>
internal sealed class BrokerCheck(BrokerHealth broker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(broker.ConsumersRegistered
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"no consumer on {string.Join(", ", broker.MissingConsumers)}"));
}
