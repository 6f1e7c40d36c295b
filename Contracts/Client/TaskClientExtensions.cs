using System.Runtime.CompilerServices;
using Messaging.Contracts.Kinds;

namespace Messaging.Contracts.Client;

/// <summary>What is put together from the actions of an <see cref="ITaskClient"/>.</summary>
public static class TaskClientExtensions
{
    /// <summary>Submits a task and waits for its result, like a call that survives both sides' crashes.</summary>
    /// <param name="client">Who submits.</param>
    /// <param name="input">A record with a <see cref="TaskKindAttribute"/>.</param>
    /// <param name="options">What is different for this task; with an <see cref="SubmitOptions.IdempotencyKey"/> the call may be repeated by another process.</param>
    /// <param name="cancellationToken">Ends the wait, not the task.</param>
    /// <exception cref="TaskFailedException">The task failed for good or expired.</exception>
    /// <exception cref="TaskCalledOffException">The task was cancelled.</exception>
    /// <exception cref="MessagingClientException">As <see cref="ITaskClient.SubmitAsync{TResult}"/> and <see cref="TaskHandle{TResult}.ResultAsync"/>.</exception>
    public static async Task<TResult> RunAsync<TResult>(
        this ITaskClient client, ITaskInput<TResult> input, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var handle = await client.SubmitAsync(input, options, cancellationToken);
        return await handle.ResultAsync(cancellationToken);
    }

    /// <summary>Submits tasks of one result type; see <see cref="ITaskClient.SubmitManyAsync"/>.</summary>
    /// <param name="client">Who submits.</param>
    /// <param name="inputs">Records with a <see cref="TaskKindAttribute"/>.</param>
    /// <param name="options">For all of them; has no idempotency key, which names one task.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">The options have an idempotency key, or a record can't be submitted.</exception>
    public static IAsyncEnumerable<SubmittedTask<TResult>> SubmitManyAsync<TResult>(
        this ITaskClient client, IEnumerable<ITaskInput<TResult>> inputs, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return client.SubmitManyAsync(inputs.ToAsyncEnumerable(), options, cancellationToken);
    }

    /// <inheritdoc cref="SubmitManyAsync{TResult}(ITaskClient, IEnumerable{ITaskInput{TResult}}, SubmitOptions, CancellationToken)"/>
    public static IAsyncEnumerable<SubmittedTask<TResult>> SubmitManyAsync<TResult>(
        this ITaskClient client, IAsyncEnumerable<ITaskInput<TResult>> inputs, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(inputs);
        if (options?.IdempotencyKey is not null)
            throw new ArgumentException("An idempotency key names one task: give each TaskSubmission its own.", nameof(options));
        return Typed<TResult>(client, inputs.Select(input => TaskSubmission.Of(input, options)), cancellationToken);
    }

    private static async IAsyncEnumerable<SubmittedTask<TResult>> Typed<TResult>(
        ITaskClient client, IAsyncEnumerable<TaskSubmission> tasks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in client.SubmitManyAsync(tasks, cancellationToken).WithCancellation(cancellationToken))
            yield return new SubmittedTask<TResult>(item.Index, item.Handle?.As<TResult>(), item.Error, item.IsReplayed);
    }
}
