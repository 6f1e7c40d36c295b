using System.Diagnostics.CodeAnalysis;

namespace Messaging.Contracts.Client;

/// <summary>What became of one task of many.</summary>
/// <typeparam name="TResult">What its result is read as.</typeparam>
/// <param name="Index">Its place among those that were handed over, from 0.</param>
/// <param name="Handle">The task, if it was accepted.</param>
/// <param name="Error">
/// Why it was not: a <see cref="ProblemException"/>, or a <see cref="ProducerUnavailableException"/> if nobody answered; then it may
/// have been accepted.
/// </param>
/// <param name="IsReplayed">True if its idempotency key had made the task before: by an earlier call, or by this one if an answer was lost.</param>
public sealed record SubmittedTask<TResult>(int Index, TaskHandle<TResult>? Handle, MessagingClientException? Error, bool IsReplayed = false)
{
    /// <summary>Whether there is a task now.</summary>
    [MemberNotNullWhen(true, nameof(Handle))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsAccepted => Handle is not null;
}
