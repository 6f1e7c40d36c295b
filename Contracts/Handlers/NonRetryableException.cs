using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Handlers;

/// <summary>A handler throws it when another attempt can't help: the task fails at once, whatever attempts are left.</summary>
public sealed class NonRetryableException : TaskOutcomeException
{
    /// <summary>A failure that retrying does not mend.</summary>
    /// <param name="message">One sentence for people; becomes <see cref="TaskFailure.Message"/>.</param>
    /// <param name="code">A short stable word for programs; becomes <see cref="TaskFailure.Code"/>.</param>
    /// <param name="innerException">What caused it.</param>
    public NonRetryableException(string message, string code = FailureCodes.HandlerError, Exception? innerException = null)
        : base(message, innerException) => Code = code;

    /// <summary>A short stable word for programs.</summary>
    public string Code { get; }
}
