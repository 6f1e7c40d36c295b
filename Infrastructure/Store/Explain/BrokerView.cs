namespace Messaging.Infrastructure.Store.Explain;

/// <summary>How a process sees the broker.</summary>
public enum BrokerView
{
    /// <summary>It is there and takes messages.</summary>
    Working,

    /// <summary>It is there, delivers, and takes no messages: a memory or disk alarm.</summary>
    Blocked,

    /// <summary>This process has no connection to it.</summary>
    Away,
}
