using System.Globalization;

namespace Messaging.Tests.Support.Servers;

/// <summary>A RabbitMQ that the benchmarks are lent by whoever starts them: their quick runs are many and short, and need not start one each.</summary>
/// <param name="Uri">AMQP URI, with a virtual host for this run alone.</param>
/// <param name="ProcessId">The broker's process, for measuring what it uses.</param>
public sealed record LentRabbitMq(Uri Uri, int ProcessId)
{
    private const string UriVariable = "MESSAGING_BENCH_RABBITMQ";
    private const string ProcessVariable = "MESSAGING_BENCH_RABBITMQ_PROCESS";

    /// <summary>The one that is lent to this process; null: none, it starts its own.</summary>
    public static LentRabbitMq? Find() =>
        Environment.GetEnvironmentVariable(UriVariable) is { Length: > 0 } uri && Environment.GetEnvironmentVariable(ProcessVariable) is { Length: > 0 } process
            ? new LentRabbitMq(new Uri(uri), int.Parse(process, CultureInfo.InvariantCulture))
            : null;

    /// <summary>What tells a process that it is lent this one.</summary>
    public IReadOnlyDictionary<string, string?> AsEnvironment() => new Dictionary<string, string?>
    {
        [UriVariable] = Uri.ToString(),
        [ProcessVariable] = ProcessId.ToString(CultureInfo.InvariantCulture),
    };
}
