using System.Data.Common;
using System.Text.Json;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Testing;

/// <summary>
/// An attempt without a task, to run a handler alone: tells the handler what the test wants it to know and keeps what it reports. Safe to use from
/// several threads.
/// </summary>
/// <param name="taskId">Default: a new one.</param>
/// <param name="kind">Default: <c>test.kind</c>; <see cref="RunAsync{TInput,TResult}"/> does not change it.</param>
/// <param name="queue">Default: <c>default</c>.</param>
/// <param name="attempt">Default: 1.</param>
/// <param name="maxAttempts">Default: 5, as most kinds have.</param>
/// <param name="beginTransaction">
/// Where <see cref="BeginTransactionAsync"/> comes from: a transaction on a database of the test's, which the test commits or rolls back as the worker
/// would. Default: a handler that begins one gets a <see cref="NotSupportedException"/>.
/// </param>
public sealed class TestTaskContext(
    Guid? taskId = null,
    string kind = "test.kind",
    string queue = KindDescription.DefaultQueue,
    int attempt = 1,
    int maxAttempts = RetryPolicy.DefaultMaxAttempts,
    Func<CancellationToken, Task<DbTransaction>>? beginTransaction = null)
    : TaskContext, IDisposable
{
    // Owned by the lock.
    private readonly Lock _lock = new();
    private readonly List<TaskProgress> _progress = [];
    private readonly CancellationTokenSource _stop = new();
    private StopReason _reason;
    private Task<DbTransaction>? _begun;

    /// <inheritdoc/>
    public override Guid TaskId { get; } = taskId ?? Guid.NewGuid();

    /// <inheritdoc/>
    public override string Kind => kind;

    /// <inheritdoc/>
    public override string Queue => queue;

    /// <inheritdoc/>
    public override int Attempt => attempt;

    /// <inheritdoc/>
    public override int MaxAttempts => maxAttempts;

    /// <inheritdoc/>
    public override StopReason StopReason
    {
        get
        {
            lock (_lock)
                return _reason;
        }
    }

    /// <summary>Every report of the handler, in order; percents are moved into 0 to 100 as a worker does.</summary>
    public IReadOnlyList<TaskProgress> Progress
    {
        get
        {
            lock (_lock)
                return [.. _progress];
        }
    }

    /// <summary>True once the handler has begun its transaction.</summary>
    public bool HasBegunTransaction
    {
        get
        {
            lock (_lock)
                return _begun is not null;
        }
    }

    /// <summary>What <see cref="RunAsync{TInput,TResult}"/> gives the handler; cancelled by <see cref="Stop"/>.</summary>
    public CancellationToken StopToken => _stop.Token;

    /// <summary>Tells the handler to stop, as a cancel, a timeout or a stopping worker does. Only the first time counts.</summary>
    /// <exception cref="ArgumentException"><paramref name="reason"/> is <see cref="StopReason.None"/>.</exception>
    public void Stop(StopReason reason)
    {
        if (reason == StopReason.None)
            throw new ArgumentException("A handler is stopped for a reason.", nameof(reason));
        lock (_lock)
        {
            if (_reason != StopReason.None)
                return;
            _reason = reason;
        }

        _stop.Cancel();
    }

    /// <inheritdoc/>
    public override void ReportProgress(double percent, string? message = null)
    {
        lock (_lock)
            _progress.Add(new TaskProgress(double.IsNaN(percent) ? 0 : Math.Clamp(percent, 0, 100), message));
    }

    /// <inheritdoc/>
    public override Task<DbTransaction> BeginTransactionAsync(CancellationToken cancellationToken = default)
    {
        if (beginTransaction is null)
            return base.BeginTransactionAsync(cancellationToken);
        lock (_lock)
            return _begun ??= beginTransaction(cancellationToken);
    }

    /// <summary>
    /// Runs one attempt as a worker would: the input goes through JSON and is checked by its kind's schema, the result goes through JSON. What the
    /// handler throws comes through.
    /// </summary>
    /// <param name="handler">The handler, made with whatever it needs.</param>
    /// <param name="input">What is asked of it.</param>
    /// <returns>The result as a caller gets it.</returns>
    /// <exception cref="ArgumentException">The Producer would refuse the input, or the worker could not read it; the message says why.</exception>
    /// <exception cref="InvalidOperationException">The result can't be written as JSON and read again.</exception>
    public async Task<TResult> RunAsync<TInput, TResult>(ITaskHandler<TInput, TResult> handler, TInput input)
        where TInput : ITaskInput<TResult>
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(input);
        var result = await handler.HandleAsync(ThroughJson(input), this, StopToken);
        try
        {
            return JsonSerializer.Deserialize<TResult>(JsonSerializer.SerializeToUtf8Bytes(result, MessagingJson.Payload), MessagingJson.Tolerant)!;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidOperationException($"The result {typeof(TResult)} does not survive JSON: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private static TInput ThroughJson<TInput>(TInput input)
    {
        var kind = KindDescription.Of(input!.GetType());
        var json = JsonSerializer.SerializeToUtf8Bytes(input, input.GetType(), MessagingJson.Payload);
        var check = InputSchema.Parse(kind.InputSchema).Validate(json);
        if (!check.IsValid)
        {
            var faults = check.Malformed is { } malformed ? malformed.Detail : string.Join(" ", check.Errors.Select(e => $"#{e.JsonPointer}: {e.Detail}"));
            throw new ArgumentException($"{kind.Name} refuses the input: {faults}", nameof(input));
        }

        try
        {
            return (TInput)JsonSerializer.Deserialize(json, input.GetType(), MessagingJson.Payload)!;
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"{kind.Name} can't read its own input: {e.Message}", nameof(input), e);
        }
    }
}
