using System.Text.Json;
using Messaging.Contracts.Kinds;

namespace Messaging.Contracts.Client;

/// <summary>
/// Hands tasks over and follows them. <see cref="HttpTaskClient"/> talks to a Producer; <see cref="Testing.RecordingTaskClient"/> stands in for it
/// in tests. Safe to use from several threads; one for a whole process is right.
/// </summary>
/// <remarks><see cref="TaskClientExtensions"/> has what is put together from these: batches of one kind, running a task like a call.</remarks>
public interface ITaskClient
{
    /// <summary>Submits a task of a kind whose input record the caller has. Answers once it is stored, not once it has run.</summary>
    /// <typeparam name="TResult">What its handler returns; named by the record.</typeparam>
    /// <param name="input">A record with a <see cref="TaskKindAttribute"/>.</param>
    /// <param name="options">What is different for this task. Default: what the client's options say, then the kind.</param>
    /// <param name="cancellationToken">Ends the wait for the answer; the task may have been accepted all the same.</param>
    /// <exception cref="ProblemException">The request was refused.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer gave an answer in time.</exception>
    /// <exception cref="ArgumentException">The record has no kind, or can't be written as JSON.</exception>
    Task<TaskHandle<TResult>> SubmitAsync<TResult>(ITaskInput<TResult> input, SubmitOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Submits a task of any kind, by its name and JSON.</summary>
    /// <exception cref="ProblemException">The request was refused.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer gave an answer in time.</exception>
    Task<TaskHandle<JsonElement>> SubmitAsync(TaskSubmission task, CancellationToken cancellationToken = default);

    /// <summary>
    /// Submits any number of tasks in as few requests as there may be, each of up to 10,000. Answers one item for each task, in their order; a
    /// task that is refused spoils only itself.
    /// </summary>
    /// <param name="tasks">Read as fast as they can be sent. When they come slowly, what there is goes out after a moment.</param>
    /// <param name="cancellationToken">Ends it; tasks of the request under way may have been accepted.</param>
    /// <exception cref="ProblemException">The request as a whole was refused: no key, a missing scope.</exception>
    IAsyncEnumerable<SubmittedTask<JsonElement>> SubmitManyAsync(IAsyncEnumerable<TaskSubmission> tasks, CancellationToken cancellationToken = default);

    /// <summary>A handle for a task that was submitted before, by whomever. Asks nobody: whether there is such a task shows at the first use.</summary>
    /// <typeparam name="TResult">What its result is read as.</typeparam>
    /// <param name="taskId">The task.</param>
    TaskHandle<TResult> Attach<TResult>(Guid taskId);

    /// <summary>A handle for a task that was submitted before, whose result is read as any JSON.</summary>
    /// <param name="taskId">The task.</param>
    TaskHandle<JsonElement> Attach(Guid taskId);
}
