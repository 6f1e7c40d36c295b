using System.Runtime.CompilerServices;
using System.Text.Json;
using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Testing;

/// <summary>A task that was submitted to a <see cref="RecordingTaskClient"/>. The test says what becomes of it, and its handles follow. Safe to use from several threads.</summary>
public sealed class RecordedTask
{
    /// <summary>What stands for the time of acceptance: no clock is read.</summary>
    public static readonly DateTimeOffset Accepted = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Owned by the lock.
    private readonly Lock _lock = new();
    private readonly List<TaskEvent> _events = [];
    private TaskCompletionSource _news = NewSignal();
    private TaskResponse _task;

    internal RecordedTask(TaskSubmission submission, SubmitOptions options)
    {
        (Submission, Options) = (submission, options);
        var id = Guid.NewGuid();
        _task = new TaskResponse
        {
            Id = id,
            Kind = submission.Kind,
            Queue = options.Queue ?? KindDescription.DefaultQueue,
            State = options.Delay is null && options.RunAt is null ? TaskState.Queued : TaskState.Scheduled,
            Input = submission.Input,
            Attempt = 0,
            MaxAttempts = options.MaxAttempts ?? RetryPolicy.DefaultMaxAttempts,
            Tags = options.Tags ?? [],
            CreatedAt = Accepted,
            RunAt = options.RunAt ?? (options.Delay is { } delay ? Accepted + delay : null),
            Deadline = options.Deadline,
            Links = TaskLinks.Of(id),
        };
        Tell(_task);
    }

    /// <summary>What was submitted.</summary>
    public TaskSubmission Submission { get; }

    /// <summary>Its options, over the client's own.</summary>
    public SubmitOptions Options { get; }

    /// <summary>The id that its handles have.</summary>
    public Guid Id => Task.Id;

    /// <summary>Its kind.</summary>
    public string Kind => Submission.Kind;

    /// <summary>Where it is; <see cref="TaskState.Queued"/>, or scheduled if it was delayed, until the test says otherwise.</summary>
    public TaskState State => Task.State;

    /// <summary>True once somebody has called it off while it ran.</summary>
    public bool CancelRequested => Task.CancelRequested == true;

    /// <summary>Why it was called off; null if nobody did or said.</summary>
    public string? CancelReason { get; private set; }

    /// <summary>The task as the API would show it.</summary>
    public TaskResponse Task
    {
        get
        {
            lock (_lock)
                return _task;
        }
    }

    /// <summary>Reads its input back, as the worker will.</summary>
    /// <exception cref="JsonException">It is not a <typeparamref name="TInput"/>.</exception>
    public TInput Input<TInput>() => JsonSerializer.Deserialize<TInput>(Submission.Input.Utf8.Span, MessagingJson.Payload)!;

    /// <summary>An attempt starts.</summary>
    /// <exception cref="InvalidOperationException">The task has ended.</exception>
    public void Start() => Change(task => task with { State = TaskState.Running, Attempt = task.Attempt + 1, StartedAt = Accepted, RunAt = null });

    /// <summary>The handler reports progress; starts the task if it does not run.</summary>
    /// <exception cref="InvalidOperationException">The task has ended.</exception>
    public void Report(double percent, string? message = null)
    {
        if (State != TaskState.Running)
            Start();
        Change(task => task with { Progress = new TaskProgress(Math.Clamp(percent, 0, 100), message) }, TaskEvent.Progress);
    }

    /// <summary>The task succeeds.</summary>
    /// <param name="result">What the handler returns; written as JSON.</param>
    /// <exception cref="InvalidOperationException">The task has ended.</exception>
    public void Succeed(object? result)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(result, result?.GetType() ?? typeof(object), MessagingJson.Payload);
        End(task => task with { State = TaskState.Succeeded, Result = new RawJson(json) });
    }

    /// <summary>The task fails for good.</summary>
    /// <param name="message">Why, for people.</param>
    /// <param name="code">Why, for programs.</param>
    /// <exception cref="InvalidOperationException">The task has ended.</exception>
    public void Fail(string message, string code = FailureCodes.HandlerError) =>
        End(task => task with { State = TaskState.Failed, Failure = new TaskFailure(code, message, Retryable: false) });

    /// <summary>The task is cancelled: by a person, its own handler, or because somebody has asked for it.</summary>
    /// <exception cref="InvalidOperationException">The task has ended.</exception>
    public void Cancel(string reason = "The task was cancelled.") =>
        End(task => task with { State = TaskState.Cancelled, CancelRequested = null, Failure = new TaskFailure(FailureCodes.Cancelled, reason, Retryable: false) });

    /// <summary>The task could not start before its deadline.</summary>
    /// <exception cref="InvalidOperationException">The task has ended.</exception>
    public void Expire() => End(
        task => task with { State = TaskState.Expired, Failure = new TaskFailure(FailureCodes.DeadlinePassed, "Its deadline has passed.", Retryable: false) });

    internal async Task<TaskResponse> WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_task.State.IsFinal())
                    return _task;
                news = _news.Task;
            }

            await news.WaitAsync(cancellationToken);
        }
    }

    internal async IAsyncEnumerable<TaskEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var next = 0; ;)
        {
            TaskEvent[] told;
            Task news;
            lock (_lock)
            {
                told = [.. _events.Skip(next)];
                news = _news.Task;
            }

            foreach (var e in told)
            {
                yield return e;
                if (e.Task.State.IsFinal())
                    yield break;
            }

            next += told.Length;
            if (told.Length == 0)
                await news.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What little a double knows of why: it has no workers.</summary>
    internal ExplainResponse Explain()
    {
        var task = Task;
        var reason = task.State switch
        {
            TaskState.Failed => ExplainReasons.DeadLetter,
            TaskState.Running when task.CancelRequested == true => ExplainReasons.Cancelling,
            TaskState.Running => ExplainReasons.Running,
            TaskState.Scheduled => ExplainReasons.Delayed,
            _ when task.State.IsFinal() => ExplainReasons.Ended,
            _ => ExplainReasons.Queued,
        };
        return new ExplainResponse(task.Id, task.State, reason, $"The test has it {task.State}.", null, task.RunAt, null, null, task.Failure);
    }

    /// <summary>Somebody calls it off: one that does not run ends at once, one that runs is only told. False: it had ended otherwise.</summary>
    internal bool CallOff(string? reason)
    {
        lock (_lock)
        {
            if (_task.State.IsFinal())
                return _task.State == TaskState.Cancelled;
            CancelReason = reason;
            if (_task.State == TaskState.Running)
                _task = _task with { CancelRequested = true };
            else
                Cancel(reason ?? "The task was cancelled.");
            return true;
        }
    }

    private void End(Func<TaskResponse, TaskResponse> change) => Change(task =>
    {
        var ended = change(task) with { RunAt = null, FinishedAt = Accepted };
        var ran = ended.State is TaskState.Succeeded or TaskState.Failed;
        return ran && ended.Attempt == 0 ? ended with { Attempt = 1, StartedAt = Accepted } : ended;
    });

    private void Change(Func<TaskResponse, TaskResponse> change, string? name = null)
    {
        lock (_lock)
        {
            if (_task.State.IsFinal())
                throw new InvalidOperationException($"{Kind} {_task.Id} has ended: it is {_task.State}.");
            _task = change(_task);
            Tell(_task, name);
        }
    }

    private void Tell(TaskResponse task, string? name = null)
    {
        _events.Add(new TaskEvent(name ?? $"task.{JsonNamingPolicy.CamelCase.ConvertName(task.State.ToString())}", task with { Input = null }));
        var told = _news;
        _news = NewSignal();
        told.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
