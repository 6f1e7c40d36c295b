using Messaging.Contracts.Kinds;

namespace Messaging.Contracts.Handlers;

/// <summary>
/// Runs the tasks of one kind. A worker finds every handler in its assemblies by itself; one instance is made per attempt,
/// in a dependency injection scope of its own.
/// </summary>
/// <typeparam name="TInput">The kind's input record.</typeparam>
/// <typeparam name="TResult">What it returns; stored as the task's result.</typeparam>
/// <remarks>
/// A handler runs at least once: after a crash the same task may run again, so effects outside the ledger should bear repeating.
/// An exception ends the attempt, which is retried by the kind's policy and the handler's rules (<see cref="RetryOnAttribute{TException}"/>,
/// <see cref="NoRetryOnAttribute{TException}"/>). The members of <see cref="TaskOutcomeException"/> say something else: retry after a
/// time, fail for good, snooze, cancel.
/// </remarks>
public interface ITaskHandler<in TInput, TResult>
    where TInput : ITaskInput<TResult>
{
    /// <summary>Runs one attempt.</summary>
    /// <param name="input">What was asked.</param>
    /// <param name="context">Which task and attempt this is, and the way to report progress.</param>
    /// <param name="cancellationToken">Cancelled for one of the reasons of <see cref="TaskContext.StopReason"/>; stop soon then.</param>
    Task<TResult> HandleAsync(TInput input, TaskContext context, CancellationToken cancellationToken);
}
