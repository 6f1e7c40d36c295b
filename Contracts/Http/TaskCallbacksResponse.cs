using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>Who is told of the end of a task, and how that went: <c>GET /v1/tasks/{id}/callbacks</c>.</summary>
/// <param name="Callback">As the task was submitted, without its secret; left out if nobody is to be told.</param>
/// <param name="Items">What was or is to be told, newest first. Empty until the task has ended.</param>
public sealed record TaskCallbacksResponse(CallbackRequest? Callback, IReadOnlyList<CallbackDeliveryResponse> Items);

/// <summary>One callback on its way, or at its end. A member without a value is left out.</summary>
public sealed record CallbackDeliveryResponse
{
    /// <summary>The delivery: the id of the task of kind <c>messaging.callback</c> that sends it.</summary>
    public required Guid Id { get; init; }

    /// <summary>What the receiver gets as <c>webhook-id</c>: the same for all deliveries of one event.</summary>
    public required string WebhookId { get; init; }

    /// <summary><c>task.succeeded</c> and the like.</summary>
    public required string Type { get; init; }

    /// <summary>When that happened.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Where it goes, if the task named an address.</summary>
    public string? Url { get; init; }

    /// <summary>Where it goes, if the task named an endpoint.</summary>
    public string? Endpoint { get; init; }

    /// <summary>
    /// Queued, scheduled (for its next attempt, at <see cref="NextAttemptAt"/>), running, succeeded (a 2xx came), failed (given up), cancelled. Left out if its
    /// task was removed.
    /// </summary>
    public TaskState? State { get; init; }

    /// <summary>When it is sent again.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Why it was given up.</summary>
    public TaskFailure? Failure { get; init; }

    /// <summary>Each request, oldest first.</summary>
    public required IReadOnlyList<CallbackAttemptResponse> Attempts { get; init; }

    /// <summary>Where to go from here.</summary>
    public required CallbackLinks Links { get; init; }
}

/// <summary>One request.</summary>
/// <param name="SentAt">When, by the ledger's clock.</param>
/// <param name="Attempt">Its number, from 1.</param>
/// <param name="DurationMs">Until the status came, or until it was given up; in milliseconds.</param>
/// <param name="Status">The HTTP status; left out if none came.</param>
/// <param name="Error">Why it was not taken; left out if it was.</param>
public sealed record CallbackAttemptResponse(DateTimeOffset SentAt, int Attempt, double DurationMs, int? Status = null, string? Error = null);

/// <summary>Addresses that belong to a delivery, relative to the service.</summary>
/// <param name="Task">The task that sends it.</param>
/// <param name="Resend">To send it once more (POST).</param>
public sealed record CallbackLinks(string Task, string Resend)
{
    /// <summary>The links of a delivery.</summary>
    public static CallbackLinks Of(Guid taskId, Guid delivery) => new($"/v1/tasks/{delivery}", $"/v1/tasks/{taskId}/callbacks/{delivery}/resend");
}
