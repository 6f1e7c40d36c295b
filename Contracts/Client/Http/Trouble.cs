using System.Net;
using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client.Http;

/// <summary>Why a try has brought no useful answer, and what may follow. One of the two is set.</summary>
/// <param name="Problem">What a Producer said.</param>
/// <param name="Exception">What broke before one said anything.</param>
internal readonly record struct Trouble(Problem? Problem, Exception? Exception)
{
    /// <summary>True if the same request may be answered otherwise in a while.</summary>
    public bool MayPass =>
        Problem is null || Problem.Status is 408 or 429 or 502 or 503 or 504 || Problem.Type == ProblemTypes.IdempotencyKeyUndecided;

    /// <summary>True if nothing was done on the other side, for sure.</summary>
    public bool DidNothing =>
        Problem is { Status: (int)HttpStatusCode.TooManyRequests }
        || Exception is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        };

    /// <summary>True if another Producer may do better at once. A rate or a full queue is the same everywhere.</summary>
    public bool IsOfThisProducer => Problem is null || Problem.Status is >= 502 and <= 504;

    /// <summary>Before which another try makes no sense.</summary>
    public TimeSpan RetryAfter => TimeSpan.FromSeconds(Problem?.RetryAfter ?? 0);

    /// <summary>True for what breaks when a process or a network goes away, or is too slow.</summary>
    public static bool IsOutage(Exception exception) => exception is HttpRequestException or IOException or TimeoutException;

    /// <summary>What the caller is told when there is no further try.</summary>
    /// <param name="tries">How many there were.</param>
    /// <param name="key">The idempotency key of the submit; null if it was none.</param>
    public MessagingClientException ToException(int tries, string? key)
    {
        if (Problem is not null)
            return new ProblemException(Problem);
        var said = tries <= 1 ? "The Producer did not answer" : $"No Producer answered in {tries} tries";
        var fate = key is null ? "" : $" Whether the task was accepted is not known: submit it again with the idempotency key '{key}'.";
        return new ProducerUnavailableException($"{said}: {Exception!.Message}{fate}", Exception, key);
    }

    /// <summary>For logs.</summary>
    public override string ToString() => Problem is null ? Exception!.Message : $"{Problem.Status} {Problem.Detail ?? Problem.Title}";
}
