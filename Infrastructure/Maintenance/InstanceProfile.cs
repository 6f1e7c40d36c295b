namespace Messaging.Infrastructure.Maintenance;

/// <summary>What a process says of itself in its <c>workers</c> row.</summary>
public sealed class InstanceProfile
{
    /// <summary><c>producer</c> or <c>consumer</c>.</summary>
    public required string Role { get; init; }

    /// <summary>How many tasks it may run at once; 0 for producers.</summary>
    public int Slots { get; init; }

    /// <summary>The queues it listens on.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>The kinds it can run.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>How many tasks run now; written by the runtime, published with each heartbeat.</summary>
    public int Running { get; set; }

    /// <summary>True once it takes no more.</summary>
    public bool Draining { get; set; }

    /// <summary>The channel on which it hears express copies; null while it hears none.</summary>
    public string? Express { get; set; }

    /// <summary>Asked at each heartbeat, on its thread: whether somebody listens here to what becomes of tasks. Never, unless it is a producer.</summary>
    public Func<bool> Listening { get; set; } = static () => false;

    /// <summary>Asked at each heartbeat, on its thread: what the process has received and not decided. Nothing, unless it takes deliveries.</summary>
    public Func<InHand> InHand { get; set; } = static () => default;
}

/// <summary>What a worker has in its hands: the reconciler calls no task lost that might be there. Times are the ledger's.</summary>
/// <param name="Since">When it received the oldest delivery of which a task is neither claimed, refused nor handed back; null: there is none.</param>
/// <param name="LastReturned">When deliveries last went back to the broker undecided; null: never.</param>
public readonly record struct InHand(DateTimeOffset? Since, DateTimeOffset? LastReturned);
