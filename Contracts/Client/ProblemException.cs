using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client;

/// <summary>
/// The Producer said no, for good or for longer than the client may try: 429 and 503 come only after <see cref="MessagingClientOptions.RetryFor"/>.
/// </summary>
/// <param name="problem">What it said (RFC 9457).</param>
/// <param name="innerException">What caused it, if it is not the answer itself.</param>
public sealed class ProblemException(Problem problem, Exception? innerException = null) : MessagingClientException(Describe(problem), innerException)
{
    /// <summary>All that it said.</summary>
    public Problem Problem => problem;

    /// <summary>The HTTP status.</summary>
    public int Status => problem.Status;

    /// <summary>What sort of problem, for programs: one of <see cref="ProblemTypes"/>; <c>about:blank</c> if somebody in between answered.</summary>
    public string Type => problem.Type;

    /// <summary>The sort in a few words.</summary>
    public string Title => problem.Title;

    /// <summary>What is wrong this time; null if nothing was said.</summary>
    public string? Detail => problem.Detail;

    /// <summary>The fields that are wrong, with JSON pointers into the request (<c>#/input/to</c>); may be empty.</summary>
    public IReadOnlyList<ProblemError> Errors => problem.Errors ?? [];

    /// <summary>When another try makes sense; null if nothing was said.</summary>
    public TimeSpan? RetryAfter => problem.RetryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static string Describe(Problem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        return problem.Detail is null ? $"{problem.Status} {problem.Title}" : $"{problem.Status} {problem.Title}: {problem.Detail}";
    }
}
