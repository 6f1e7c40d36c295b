using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Handlers;

/// <summary>A handler throws it when the task has become pointless: the task ends <see cref="TaskState.Cancelled"/>, which is no failure.</summary>
public sealed class CancelTaskException : TaskOutcomeException
{
    /// <summary>Calls the task off from inside.</summary>
    /// <param name="reason">One sentence for people; becomes the message of the task's <see cref="TaskFailure"/>, whose code is <c>cancelled</c>.</param>
    /// <exception cref="ArgumentException"><paramref name="reason"/> is empty.</exception>
    public CancelTaskException(string reason)
        : base(reason) => ArgumentException.ThrowIfNullOrWhiteSpace(reason);
}
