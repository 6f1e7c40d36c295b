namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>What the tables call the parts that use CPU.</summary>
internal static class Parts
{
    /// <summary>The process that sends or submits.</summary>
    public const string Submitter = "submitter";

    /// <summary>The Producer's process, where tasks come over HTTP. The client is no part of the system.</summary>
    public const string Producer = "producer";

    /// <summary>The process that publishes, where it does nothing else.</summary>
    public const string Relay = "relay";

    /// <summary>The process that receives and runs.</summary>
    public const string Consumer = "consumer";

    /// <summary>One of several processes that receive and run, counted from 1.</summary>
    public static string ConsumerNo(int number) => number == 1 ? Consumer : $"{Consumer} {number}";

    /// <summary>Postgres with all its backends.</summary>
    public const string Postgres = "Postgres";

    /// <summary>The broker.</summary>
    public const string RabbitMq = "RabbitMQ";

    /// <summary>True for what is not ours: its memory is a matter of its settings, and Postgres's is shared between its processes.</summary>
    public static bool IsServer(string part) => part is Postgres or RabbitMq;
}
