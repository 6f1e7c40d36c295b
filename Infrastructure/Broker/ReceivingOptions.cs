namespace Messaging.Infrastructure.Broker;

/// <summary>What a consumer process listens on.</summary>
/// <param name="Queues">The task queues' own names.</param>
/// <param name="Prefetch">How many unacknowledged messages the broker may have delivered per queue, 1 to 65,535. A message is a pack of tasks.</param>
/// <param name="Silence">How long nothing may be delivered, although messages wait and there is room, before the watch acts.</param>
internal sealed record ReceivingOptions(IReadOnlyList<string> Queues, int Prefetch, TimeSpan Silence);
