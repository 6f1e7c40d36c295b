namespace Messaging.Tests.Support.Processes;

/// <summary>What a consumer process listens on and how much it runs at once.</summary>
public sealed record ConsumerProcessOptions
{
    /// <summary>What it is called in messages and in front of its lines.</summary>
    public string Name { get; init; } = "consumer";

    /// <summary>The worker that runs the tests' own kinds (<c>test.poison</c>, <c>test.hold</c>) beside the built-in ones.</summary>
    public const string TestWorker = "tests/Worker";

    /// <summary>The folder of its project: <c>Consumers</c>, or <see cref="TestWorker"/>. Whoever starts it must have it built.</summary>
    public string Project { get; init; } = "Consumers";

    /// <summary>The task queues it takes from; <c>default</c> when not set.</summary>
    public IReadOnlyList<string> Queues { get; init; } = ["default"];

    /// <summary>Tasks that run at once; null: the product's own default.</summary>
    public int? Concurrency { get; init; }
}
