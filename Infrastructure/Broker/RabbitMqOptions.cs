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

    /// <summary>
    /// How long a consumer may get nothing, although messages wait for it and it has room, before its connection counts as broken.
    /// Default 30 seconds; 1 second to 1 hour. After once that long its channel is opened anew, after twice its bus is replaced, after three
    /// times the process ends with exit code 1, for its supervisor to start another.
    /// </summary>
    public TimeSpan DeliverySilence { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Says at start what is wrong with the address, not at the first send.</summary>
internal sealed class RabbitMqOptionsValidator : IValidateOptions<RabbitMqOptions>
{
    public ValidateOptionsResult Validate(string? name, RabbitMqOptions options)
    {
        try
        {
            RabbitMqAddress.Parse(options.RabbitMq);
            return options.DeliverySilence >= TimeSpan.FromSeconds(1) && options.DeliverySilence <= TimeSpan.FromHours(1)
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail($"Messaging:DeliverySilence is {options.DeliverySilence}: give it 00:00:01 to 01:00:00.");
        }
        catch (FormatException e)
        {
            return ValidateOptionsResult.Fail(e.Message);
        }
    }
}
