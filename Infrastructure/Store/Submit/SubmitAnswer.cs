namespace Messaging.Infrastructure.Store.Submit;

/// <summary>What became of a submit. Without an idempotency key it is always <see cref="Accepted"/>.</summary>
public enum SubmitOutcome
{
    /// <summary>The task is stored.</summary>
    Accepted,

    /// <summary>Its key has made a task before, from the same request: that one is answered. Nothing was stored.</summary>
    Replayed,

    /// <summary>Its key has made a task before, from another request. Nothing was stored.</summary>
    KeyConflict,

    /// <summary>
    /// Somebody else is at this very moment making a task with the key, and had not ended after <see cref="IdempotencyOptions.MaxUndecided"/>.
    /// Asking again will tell.
    /// </summary>
    KeyUndecided,
}

/// <summary>The answer to a submit.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="TaskId">The task that the request, or an earlier one with its key, has made; the refused one's own id if the key is undecided.</param>
public readonly record struct SubmitAnswer(SubmitOutcome Outcome, Guid TaskId);
