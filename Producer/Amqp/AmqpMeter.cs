using System.Diagnostics.Metrics;

namespace Messaging.Producer.Amqp;

/// <summary>Counts what came over AMQP, by outcome: accepted, replayed or rejected.</summary>
internal sealed class AmqpMeter
{
    private readonly Counter<long> _messages;

    public AmqpMeter(IMeterFactory meters) => _messages = meters.Create("Messaging.Amqp").CreateCounter<long>(
        "messaging.amqp.submits", "{message}", "Messages in messaging.submit whose fate was decided: accepted, replayed or rejected");

    public void Count(string outcome) => _messages.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
