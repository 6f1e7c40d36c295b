using Messaging.Infrastructure.Broker;

namespace Messaging.Producer.Amqp;

/// <summary>Puts the AMQP door into the host.</summary>
internal static class AmqpRegistration
{
    /// <summary>Comes last of the parts, so that it stops taking first.</summary>
    public static IServiceCollection AddAmqpSubmits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<AmqpMeter>();
        services.AddSingleton<ISubmitReceiver, AmqpSubmits>();
        return services.AddBrokerSubmitting(configuration);
    }
}
