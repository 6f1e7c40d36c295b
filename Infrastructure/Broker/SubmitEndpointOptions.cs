using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Broker;

/// <summary>The AMQP door of a producer. Bound from the configuration section <c>Messaging:Amqp</c>.</summary>
public sealed class SubmitEndpointOptions
{
    /// <summary>Whether this producer takes tasks from <see cref="QueueNames.Submit"/>. Default true.</summary>
    public bool Submit { get; set; } = true;

    /// <summary>
    /// How many messages it may have in its hands. Default 250, which is half of a full commit. Fewer makes commits smaller and the door slower. Of large messages
    /// it takes eight at a time, whatever is said here.
    /// </summary>
    [Range(1, 65_535, ErrorMessage = "Messaging:Amqp:Prefetch must be from 1 to 65,535.")]
    public int Prefetch { get; set; } = 250;
}
