using System.Text.Json;
using System.Text.Json.Serialization;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;

namespace Messaging.Consumers.Runtime;

/// <summary>Says what an exception means for the attempt it ended.</summary>
internal static class AttemptFailure
{
    /// <summary>The longest stack that is kept, in characters.</summary>
    public const int LongestStack = 8_000;

    private const int LongestCode = 100;

    /// <summary>
    /// What a handler's exception means. A reason to stop explains whatever was thrown after it, except that a
    /// <see cref="TaskOutcomeException"/> is taken at its word while the claim is ours: the handler knows what it says.
    /// </summary>
    public static TaskOutcome Of(Exception error, StopReason reason, TimeSpan timeout) => (error, reason) switch
    {
        (_, StopReason.ClaimLost) => new NotOurs(),
        (_, StopReason.Cancelled) => new CalledOff(),
        (NonRetryableException final, _) => new AttemptFailed(new TaskFailure(Code(final.Code), Message(final), Retryable: false, Details(final))),
        (CancelTaskException cancel, _) => new CalledOff(cancel.Message),
        (SnoozeException snooze, _) => new Snooze(snooze.Delay),
        (RetryAfterException later, _) =>
            new AttemptFailed(new TaskFailure(Code(later.Code), Message(later), Retryable: true, Details(later, later.RetryAfter))) { RetryAfter = later.RetryAfter },
        (_, StopReason.ShuttingDown) => new GivenBack(TimeSpan.Zero),
        (OperationCanceledException, StopReason.TimedOut) => TimedOut(timeout),
        (_, StopReason.TimedOut) => TimedOut(timeout, error),
        _ => new AttemptFailed(new TaskFailure(FailureCodes.HandlerError, Message(error), Retryable: true, Details(error))) { Exception = error.GetType() },
    };

    /// <summary>What it means that a handler did not let go at all.</summary>
    public static TaskOutcome OfSilence(StopReason reason, TimeSpan timeout) => reason switch
    {
        StopReason.ClaimLost => new NotOurs(),
        StopReason.Cancelled => new CalledOff(),
        StopReason.TimedOut => TimedOut(timeout),
        _ => new GivenBack(TimeSpan.Zero),
    };

    /// <summary>The stored input is not what the handler takes.</summary>
    public static AttemptFailed InvalidInput(Exception error) => new(new TaskFailure(
        FailureCodes.InvalidInput, $"The input can't be read: {Message(error)}", Retryable: false, Details(error)));

    /// <summary>The handler's result can't be stored. Running it again would bring the same.</summary>
    public static AttemptFailed InvalidResult(string reason, Exception? error = null) => new(new TaskFailure(
        FailureCodes.InvalidResult, $"The result can't be stored: {reason}", Retryable: false, error is null ? null : Details(error)));

    private static AttemptFailed TimedOut(TimeSpan timeout, Exception? error = null) => new(new TaskFailure(
        FailureCodes.Timeout,
        FormattableString.Invariant($"The attempt took longer than its timeout of {timeout.TotalSeconds:0.###} s."),
        Retryable: true,
        error is null ? null : Details(error)))
    {
        Exception = typeof(TimeoutException),
        TimedOut = true,
    };

    private static string Message(Exception error) => string.IsNullOrWhiteSpace(error.Message) ? error.GetType().Name : error.Message;

    private static string Code(string code) => string.IsNullOrWhiteSpace(code) ? FailureCodes.HandlerError : Cut(code, LongestCode);

    private static JsonElement Details(Exception error, TimeSpan? retryAfter = null) => JsonSerializer.SerializeToElement(
        new ExceptionDetails(
            error.GetType().FullName ?? error.GetType().Name,
            Cut(error.ToString(), LongestStack),
            retryAfter is { } later ? Iso8601Duration.Format(later) : null),
        MessagingJson.Tolerant);

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..longest];

    private sealed record ExceptionDetails(
        string Exception, string Stack, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RetryAfter);
}
