namespace Messaging.Infrastructure.Store.Depth;

/// <summary>A queue takes no more for now.</summary>
/// <param name="Queue">Which.</param>
/// <param name="Depth">How many open tasks it holds, as far as this process knows.</param>
/// <param name="Limit">How many it may hold.</param>
/// <param name="RetryAfter">When it is looked at again.</param>
public sealed record QueueFull(string Queue, long Depth, long Limit, TimeSpan RetryAfter);
