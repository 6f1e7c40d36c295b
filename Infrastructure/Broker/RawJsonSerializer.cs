using System.Net.Mime;
using System.Text;
using MassTransit;

namespace Messaging.Infrastructure.Broker;

/// <summary>Gives MassTransit our bytes: JSON without its envelope, readable by any AMQP client and cheaper than a generic serializer.</summary>
internal sealed class RawJsonSerializer : IMessageSerializer
{
    private static readonly RawJsonSerializer Instance = new();

    /// <summary>Makes a message travel as its bytes, durable, and come back as an error if no queue is there to take it.</summary>
    public static IPipe<SendContext<OutgoingMessage>> Pipe { get; } = MassTransit.Pipe.Execute<SendContext<OutgoingMessage>>(context =>
    {
        context.Serializer = Instance;
        context.GetPayload<RabbitMqSendContext>().Mandatory = true;
        if (context.Message.Headers is not { } headers)
            return;
        foreach (var (name, value) in headers)
            context.Headers.Set(name, value);
    });

    public ContentType ContentType { get; } = new("application/json");

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class => new Bytes(((OutgoingMessage)(object)context.Message).Body);

    private sealed class Bytes(byte[] bytes) : MessageBody
    {
        public long? Length => bytes.Length;

        public byte[] GetBytes() => bytes;

        public Stream GetStream() => new MemoryStream(bytes, writable: false);

        public string GetString() => Encoding.UTF8.GetString(bytes);
    }
}
