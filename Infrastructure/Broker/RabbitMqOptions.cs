using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Broker;

/// <summary>Where the broker is. Bound from the configuration section <c>Messaging</c>.</summary>
public sealed class RabbitMqOptions
{
    /// <summary>
    /// An AMQP URI with user, password and virtual host, e.g. <c>amqp://messaging:secret@rabbitmq:5672/messaging</c>; <c>amqps</c> for TLS.
    /// Required. Without a port: 5672, or 5671 for TLS. Without a path: the virtual host <c>/</c>. Setting: <c>Messaging:RabbitMq</c>.
    /// </summary>
    public string RabbitMq { get; set; } = "";
}

/// <summary>Says at start what is wrong with the address, not at the first send.</summary>
internal sealed class RabbitMqOptionsValidator : IValidateOptions<RabbitMqOptions>
{
    public ValidateOptionsResult Validate(string? name, RabbitMqOptions options)
    {
        try
        {
            RabbitMqAddress.Parse(options.RabbitMq);
            return ValidateOptionsResult.Success;
        }
        catch (FormatException e)
        {
            return ValidateOptionsResult.Fail(e.Message);
        }
    }
}
