using System.Globalization;
using MassTransit;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>The floor's bus: MassTransit as its documentation shows it, with publisher confirms and a quorum queue.</summary>
internal static class BareBus
{
    /// <summary>Environment variable: AMQP URI.</summary>
    public const string UriVariable = "BENCH_RABBITMQ";

    /// <summary>Environment variable: the queue's name.</summary>
    public const string QueueVariable = "BENCH_QUEUE";

    /// <summary>Environment variable: <c>true</c> for plain JSON instead of MassTransit's envelope.</summary>
    public const string RawVariable = "BENCH_RAW";

    /// <summary>Environment variable: how many sends may wait for their confirm, or how many messages are prefetched.</summary>
    public const string WindowVariable = "BENCH_WINDOW";

    /// <summary>The broker's AMQP URI.</summary>
    public static Uri Address => new(Read(UriVariable));

    /// <summary>The queue's name.</summary>
    public static string Queue => Read(QueueVariable);

    /// <summary>How many at once.</summary>
    public static int Window => int.Parse(Read(WindowVariable), CultureInfo.InvariantCulture);

    /// <summary>Builds a bus.</summary>
    public static IBusControl Create(Action<IRabbitMqBusFactoryConfigurator>? configure = null) => Bus.Factory.CreateUsingRabbitMq(bus =>
    {
        bus.Host(Address, host => host.PublisherConfirmation = true);
        if (Read(RawVariable) == "true")
            bus.UseRawJsonSerializer();
        configure?.Invoke(bus);
    });

    private static string Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set.");
}
