using System.Runtime.CompilerServices;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Client;

/// <summary>
/// A task somewhere else, as if it were one of this process: <c>await</c> it for its result, watch its progress, call it off. Holds nothing open
/// until it is used, and may be thrown away at any time: the task goes on. Safe to use from several threads.
/// </summary>
/// <typeparam name="TResult">What the task's result is read as; <see cref="JsonElement"/> for any JSON.</typeparam>
/// <param name="id">The task.</param>
/// <param name="actions">What does the work.</param>
/// <param name="isReplayed">What <see cref="IsReplayed"/> says.</param>
public sealed class TaskHandle<TResult>(Guid id, ITaskActions actions, bool isReplayed = false)
{
    private TaskResponse? _ended;

    /// <summary>The task's id: keep it, and <see cref="ITaskClient.Attach{TResult}"/> makes the handle anew, in any process.</summary>
    public Guid Id => id;

    /// <summary>
    /// True if the submit that answered this handle made no task, because its idempotency key had made this one before: by an earlier call, or by
    /// this one if an answer was lost. False also for a handle that was attached.
    /// </summary>
    public bool IsReplayed => isReplayed;

    /// <summary>
    /// Every progress report that was stored, from the first on, until the task ends; however it ends, that is no error here. Survives the end of
    /// a Producer: nothing is lost or told twice.
    /// </summary>
    /// <exception cref="ProblemException">Thrown while it is read: there is no such task, or the API key lacks the scope <c>read</c>.</exception>
    /// <exception cref="ProducerUnavailableException">Thrown while it is read: no Producer could be reached for too long.</exception>
    public IAsyncEnumerable<TaskProgress> Progress => ReadProgressAsync();

    /// <summary>Everything that happens to the task, from its acceptance to its end. Otherwise as <see cref="Progress"/>.</summary>
    public IAsyncEnumerable<TaskEvent> Events => ReadEventsAsync();

    /// <summary>Waits for the end of the task and answers its result. Once it has, it does not ask again.</summary>
    /// <param name="cancellationToken">Ends the wait, not the task: that is <see cref="CancelAsync"/>.</param>
    /// <exception cref="TaskFailedException">The task failed for good or expired.</exception>
    /// <exception cref="TaskCalledOffException">The task was cancelled.</exception>
    /// <exception cref="ProblemException">There is no such task, or the API key lacks the scope <c>read</c>.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer could be reached for too long.</exception>
    /// <exception cref="MessagingClientException">The result is not a <typeparamref name="TResult"/>.</exception>
    public async Task<TResult> ResultAsync(CancellationToken cancellationToken = default) => ResultOf(await EndAsync(cancellationToken));

    /// <summary>Makes <c>await handle</c> work: <see cref="ResultAsync"/> without a token.</summary>
    public TaskAwaiter<TResult> GetAwaiter() => ResultAsync().GetAwaiter();

    /// <summary>Waits for the end of the task and answers it whole, however it ended.</summary>
    /// <param name="cancellationToken">Ends the wait, not the task.</param>
    /// <exception cref="ProblemException">There is no such task, or the API key lacks the scope <c>read</c>.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer could be reached for too long.</exception>
    public async Task<TaskResponse> EndAsync(CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _ended) is { } known)
            return known;
        var ended = await actions.WaitAsync(id, cancellationToken);
        Volatile.Write(ref _ended, ended);
        return ended;
    }

    /// <summary>The task as it is now.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="ProblemException">There is no such task, or the API key lacks the scope <c>read</c>.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer gave an answer in time.</exception>
    public Task<TaskResponse> GetAsync(CancellationToken cancellationToken = default) => actions.GetAsync(id, cancellationToken);

    /// <summary>Why the task is where it is: one computed reason, for programs and for people, with what can be done.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="ProblemException">There is no such task, or the API key lacks the scope <c>read</c>.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer gave an answer in time.</exception>
    public Task<ExplainResponse> ExplainAsync(CancellationToken cancellationToken = default) => actions.ExplainAsync(id, cancellationToken);

    /// <summary>A handle for the same task whose result is read as something else.</summary>
    /// <typeparam name="TOther">What it is read as.</typeparam>
    public TaskHandle<TOther> As<TOther>() => new(id, actions, isReplayed);

    /// <summary>
    /// Calls the task off. One that has not started never will; the handler of one that runs is told to stop, so the task ends a little later,
    /// and now and then with a result all the same.
    /// </summary>
    /// <param name="reason">Why, for the audit log.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>False: it had ended before, otherwise than by being cancelled.</returns>
    /// <exception cref="ProblemException">There is no such task, or the API key lacks the scope <c>operate</c>.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer gave an answer in time.</exception>
    public Task<bool> CancelAsync(string? reason = null, CancellationToken cancellationToken = default) =>
        actions.CancelAsync(id, reason, cancellationToken);

    private TResult ResultOf(TaskResponse ended)
    {
        switch (ended.State)
        {
            case TaskState.Succeeded:
                break;
            case TaskState.Cancelled:
                throw new TaskCalledOffException(ended);
            default:
                throw new TaskFailedException(ended);
        }

        try
        {
            // Tolerant: a worker of tomorrow may say more than the record of today knows.
            return JsonSerializer.Deserialize<TResult>(ended.Result is { } result ? result.Utf8.Span : "null"u8, MessagingJson.Tolerant)!;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new MessagingClientException($"The result of {ended.Kind} {id} can't be read as {typeof(TResult)}: {e.Message}", e);
        }
    }

    private async IAsyncEnumerable<TaskProgress> ReadProgressAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var e in actions.WatchAsync(id, cancellationToken).WithCancellation(cancellationToken))
        {
            if (e is { Name: TaskEvent.Progress, Task.Progress: { } progress })
                yield return progress;
        }
    }

    private async IAsyncEnumerable<TaskEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var e in actions.WatchAsync(id, cancellationToken).WithCancellation(cancellationToken))
            yield return e;
    }
}
