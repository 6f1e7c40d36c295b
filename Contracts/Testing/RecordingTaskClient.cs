using System.Runtime.CompilerServices;
using System.Text.Json;
using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;

namespace Messaging.Contracts.Testing;

/// <summary>
/// Stands in for the client in tests of code that submits tasks: keeps what was submitted, in memory, and lets the test say what becomes of it; handles
/// and awaits follow. Safe to use from several threads.
/// </summary>
/// <example>
/// <code>
/// var client = new RecordingTaskClient();
/// var signUp = new SignUp(client).RunAsync("ann@example.com");   // submits a SendEmail and awaits it
/// client.Submitted.Single().Succeed(new SendEmailResult("250 OK"));
/// await signUp;
/// </code>
/// </example>
public sealed class RecordingTaskClient : ITaskClient, ITaskActions
{
    // Owned by the lock.
    private readonly Lock _lock = new();
    private readonly List<RecordedTask> _tasks = [];
    private readonly Dictionary<string, RecordedTask> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Action<RecordedTask>> _answers = new(StringComparer.Ordinal);
    private readonly Queue<MessagingClientException> _refusals = new();

    /// <summary>What tasks get unless their own options say otherwise. Default: what their kinds say.</summary>
    public SubmitOptions Defaults { get; init; } = new();

    /// <summary>Every task that was accepted, in order.</summary>
    public IReadOnlyList<RecordedTask> Submitted
    {
        get
        {
            lock (_lock)
                return [.. _tasks];
        }
    }

    /// <summary>Those with an input of one type.</summary>
    public IReadOnlyList<RecordedTask> SubmittedOf<TInput>()
    {
        var kind = TaskSubmission.NameOf(typeof(TInput));
        return [.. Submitted.Where(task => task.Kind == kind)];
    }

    /// <summary>From now on, tasks of a kind succeed as soon as they are submitted. What <paramref name="run"/> throws makes them fail.</summary>
    /// <param name="run">Makes the result of the input.</param>
    public void Answer<TInput, TResult>(Func<TInput, TResult> run)
        where TInput : ITaskInput<TResult>
    {
        ArgumentNullException.ThrowIfNull(run);
        void Run(RecordedTask task)
        {
            task.Start();
            TResult result;
            try
            {
                result = run(task.Input<TInput>());
            }
            catch (Exception e)
            {
                task.Fail(e.Message);
                return;
            }

            task.Succeed(result);
        }

        lock (_lock)
            _answers[TaskSubmission.NameOf(typeof(TInput))] = Run;
    }

    /// <summary>The next submit is refused with a problem, for instance a full queue; in a batch the next task.</summary>
    public void RefuseNext(Problem problem) => RefuseNext(new ProblemException(problem));

    /// <summary>The next submit fails, for instance with a <see cref="ProducerUnavailableException"/>; in a batch the next task.</summary>
    public void RefuseNext(MessagingClientException error)
    {
        lock (_lock)
            _refusals.Enqueue(error);
    }

    /// <inheritdoc/>
    public Task<TaskHandle<TResult>> SubmitAsync<TResult>(
        ITaskInput<TResult> input, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var task = Accept(TaskSubmission.Of(input, options), out var isReplayed);
        return Task.FromResult(new TaskHandle<TResult>(task.Id, this, isReplayed));
    }

    /// <inheritdoc/>
    public Task<TaskHandle<JsonElement>> SubmitAsync(TaskSubmission task, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        cancellationToken.ThrowIfCancellationRequested();
        var accepted = Accept(task, out var isReplayed);
        return Task.FromResult(new TaskHandle<JsonElement>(accepted.Id, this, isReplayed));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<SubmittedTask<JsonElement>> SubmitManyAsync(IAsyncEnumerable<TaskSubmission> tasks, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        return AcceptManyAsync(tasks, cancellationToken);
    }

    /// <inheritdoc/>
    public TaskHandle<TResult> Attach<TResult>(Guid taskId) => new(taskId, this);

    /// <inheritdoc/>
    public TaskHandle<JsonElement> Attach(Guid taskId) => new(taskId, this);

    /// <inheritdoc/>
    public Task<TaskResponse> GetAsync(Guid taskId, CancellationToken cancellationToken) => Task.FromResult(Find(taskId).Task);

    /// <inheritdoc/>
    public async Task<TaskResponse> WaitAsync(Guid taskId, CancellationToken cancellationToken) => await Find(taskId).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<TaskEvent> WatchAsync(Guid taskId, CancellationToken cancellationToken) => Find(taskId).WatchAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<ExplainResponse> ExplainAsync(Guid taskId, CancellationToken cancellationToken) => Task.FromResult(Find(taskId).Explain());

    /// <inheritdoc/>
    public Task<bool> CancelAsync(Guid taskId, string? reason, CancellationToken cancellationToken) => Task.FromResult(Find(taskId).CallOff(reason));

    private async IAsyncEnumerable<SubmittedTask<JsonElement>> AcceptManyAsync(
        IAsyncEnumerable<TaskSubmission> tasks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var index = 0;
        await foreach (var task in tasks.WithCancellation(cancellationToken))
        {
            SubmittedTask<JsonElement> item;
            try
            {
                var accepted = Accept(task, out var isReplayed);
                item = new SubmittedTask<JsonElement>(index, new TaskHandle<JsonElement>(accepted.Id, this, isReplayed), null, isReplayed);
            }
            catch (MessagingClientException e)
            {
                item = new SubmittedTask<JsonElement>(index, null, e);
            }

            index++;
            yield return item;
        }
    }

    private RecordedTask Accept(TaskSubmission submission, out bool isReplayed)
    {
        var options = (submission.Options ?? Defaults).Over(Defaults);
        RecordedTask task;
        Action<RecordedTask>? answer;
        lock (_lock)
        {
            if (_refusals.TryDequeue(out var refusal))
                throw refusal;
            isReplayed = options.IdempotencyKey is { } key && _byKey.TryGetValue(key, out _);
            if (isReplayed)
                return Replayed(_byKey[options.IdempotencyKey!], submission);
            task = new RecordedTask(submission, options);
            _tasks.Add(task);
            if (options.IdempotencyKey is not null)
                _byKey.Add(options.IdempotencyKey, task);
            _answers.TryGetValue(submission.Kind, out answer);
        }

        answer?.Invoke(task);
        return task;
    }

    private static RecordedTask Replayed(RecordedTask earlier, TaskSubmission submission) =>
        earlier.Kind == submission.Kind && earlier.Submission.Input.Utf8.Span.SequenceEqual(submission.Input.Utf8.Span)
            ? earlier
            : throw new ProblemException(new Problem
            {
                Type = ProblemTypes.IdempotencyKeyReused,
                Title = "Idempotency key reused",
                Status = 422,
                Detail = $"The idempotency key has made {earlier.Kind} {earlier.Id} from another request.",
                TaskId = earlier.Id,
            });

    private RecordedTask Find(Guid id)
    {
        lock (_lock)
        {
            return _tasks.Find(task => task.Id == id) ?? throw new ProblemException(new Problem
            {
                Type = ProblemTypes.UnknownTask,
                Title = "Unknown task",
                Status = 404,
                Detail = $"There is no task {id}.",
            });
        }
    }
}
