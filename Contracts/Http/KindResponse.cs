using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>A kind as <c>GET /v1/kinds/{kind}</c> shows it.</summary>
/// <param name="Name">Its name, the <c>kind</c> of a task.</param>
/// <param name="Description">One sentence; may be empty.</param>
/// <param name="Queue">Where its tasks run unless a request says otherwise.</param>
/// <param name="Timeout">How long one attempt may take unless a request says otherwise.</param>
/// <param name="Retry">When a failed attempt is followed by another.</param>
/// <param name="MeanRun">How long an attempt takes on average, as measured by workers; null until one has.</param>
/// <param name="InputSchema">The JSON schema (2020-12) that inputs are checked against.</param>
/// <param name="ResultSchema">The JSON schema of results.</param>
public sealed record KindResponse(
    string Name,
    string Description,
    string Queue,
    TimeSpan Timeout,
    RetryPolicy Retry,
    TimeSpan? MeanRun,
    RawJson InputSchema,
    RawJson ResultSchema);
