using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>Headers that would promise what this version can't keep yet.</summary>
internal static class RefusedHeaders
{
    /// <summary>What is said of them, and of members like them.</summary>
    public const string NotBuilt = "This version can't do it yet, so it is refused rather than ignored.";

    /// <summary>Null if the request has none of them.</summary>
    public static Problem? Check(HttpRequest request) => request.Headers.ContainsKey("Idempotency-Key")
        ? Problems.NotBuiltYet(new ProblemError(NotBuilt, Header: "Idempotency-Key"))
        : null;
}
