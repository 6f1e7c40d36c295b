using System.Text.Json;

namespace Messaging.Contracts.Tasks;

/// <summary>Why an attempt, or a task for good, failed. The same shape in the ledger, over HTTP and in a webhook.</summary>
/// <param name="Code">A short stable word for programs: <c>timeout</c>, <c>handler-error</c>, or the handler's own.</param>
/// <param name="Message">One sentence for people.</param>
/// <param name="Retryable">False when another attempt can't help.</param>
/// <param name="Details">More, as JSON: for exceptions <c>{"exception": type, "stack": text, "retryAfter"?: duration}</c>. May be null.</param>
public sealed record TaskFailure(string Code, string Message, bool Retryable, JsonElement? Details = null);
