using Messaging.Infrastructure.Broker;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Producer.Http;

/// <summary>Whether the connection to the broker is up. Without it tasks are accepted all the same, and published later.</summary>
internal sealed class BrokerCheck(BrokerHealth broker) : IHealthCheck
{
    public const string Name = "broker";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            broker.Blocked ? HealthCheckResult.Degraded("RabbitMQ takes no messages (a memory or disk alarm); tasks are accepted and published when it does.")
            : broker.Connected ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded("RabbitMQ is away; tasks are accepted and published when it is back."));
}
