using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>A callback to be sent, with all that is needed for that.</summary>
/// <param name="Message">The same for all deliveries of one event.</param>
/// <param name="Happened">When the task ended, or when somebody asked for a test.</param>
/// <param name="Task">The task as it was at its end, without its input; null: this is only a test, or the task was removed.</param>
/// <param name="IsTest">True if this only tries an endpoint.</param>
/// <param name="Target">Where it goes.</param>
/// <param name="Secrets">What signs it, the present one first; empty if the endpoint is gone.</param>
public sealed record CallbackDelivery(
    Guid Message, DateTimeOffset Happened, TaskResponse? Task, bool IsTest, CallbackTarget Target, IReadOnlyList<byte[]> Secrets)
{
    /// <summary>What the receiver gets as <c>webhook-id</c>.</summary>
    public string WebhookId => IdOf(Message);

    /// <summary>The <c>webhook-id</c> of a message.</summary>
    public static string IdOf(Guid message) => $"msg_{message:N}";
}

/// <summary>Where a callback goes.</summary>
/// <param name="Url">The address; null: the endpoint is gone.</param>
/// <param name="Endpoint">The endpoint's name; null: the task named the address.</param>
/// <param name="IsDisabled">True if nothing is to be sent to the endpoint at present.</param>
public sealed record CallbackTarget(string? Url, string? Endpoint, bool IsDisabled);

/// <summary>One request that was sent.</summary>
/// <param name="SentAt">When, by the ledger's clock.</param>
/// <param name="Attempt">Its number, from 1.</param>
/// <param name="Duration">Until the status came, or until it was given up.</param>
/// <param name="Status">The HTTP status; null: none came.</param>
/// <param name="Error">Why it was not taken; null: it was.</param>
public sealed record CallbackAttempt(DateTimeOffset SentAt, int Attempt, TimeSpan Duration, int? Status, string? Error);

/// <summary>What a list shows of a delivery.</summary>
/// <param name="Id">The task that sends it.</param>
/// <param name="Message">The same for all deliveries of one event.</param>
/// <param name="Event">The task's final state; null: a test.</param>
/// <param name="Happened">When the task ended.</param>
/// <param name="Target">Where it goes, as the task named it.</param>
/// <param name="State">Of the task that sends it; null: it was removed.</param>
/// <param name="NextAttemptAt">When it is sent again; null: it waits for nothing.</param>
/// <param name="Failure">Why it was given up.</param>
/// <param name="Attempts">Each request, oldest first.</param>
public sealed record ListedDelivery(
    Guid Id,
    Guid Message,
    TaskState? Event,
    DateTimeOffset Happened,
    CallbackTarget Target,
    TaskState? State,
    DateTimeOffset? NextAttemptAt,
    TaskFailure? Failure,
    IReadOnlyList<CallbackAttempt> Attempts);

/// <summary>Whom a task wants to be told, and how that went.</summary>
/// <param name="Asked">As it was submitted, without its secret; null: nobody.</param>
/// <param name="Deliveries">Newest first.</param>
public sealed record TaskCallbacks(NewCallback? Asked, IReadOnlyList<ListedDelivery> Deliveries);
