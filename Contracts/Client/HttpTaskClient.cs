using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Messaging.Contracts.Client.Http;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Microsoft.Extensions.Logging;

namespace Messaging.Contracts.Client;

/// <summary>
/// The client of a Producer, over HTTP. It repeats what got no answer, with the idempotency key that each submit carries, and moves on to another
/// Producer where it knows one. Usually made by <see cref="MessagingClientRegistration"/>; one for a whole process. Safe to use from several threads.
/// </summary>
public sealed class HttpTaskClient : ITaskClient, ITaskActions, IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly MessagingClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ProducerConnection _producers;
    private readonly ResultWaits _waits;
    private readonly EventReader _events;
    private readonly BatchSender _batches;

    /// <summary>Makes a client. Nothing is connected yet.</summary>
    /// <param name="options">Where the Producer is; not looked at again.</param>
    /// <param name="time">The clock of pauses and patience. Default: the system's.</param>
    /// <param name="logs">Where it logs. Default: nowhere.</param>
    /// <exception cref="ArgumentException">A setting can't be; the message names it and its bounds.</exception>
    public HttpTaskClient(MessagingClientOptions options, TimeProvider? time = null, ILoggerFactory? logs = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        _options = options;
        _time = time ?? TimeProvider.System;
        var log = logs?.CreateLogger<HttpTaskClient>();
        _producers = new ProducerConnection(options, _time, log);
        _waits = new ResultWaits(_producers, options, _time);
        _events = new EventReader(_producers, options, _time, log);
        _batches = new BatchSender(_producers, options, _time);
    }

    /// <inheritdoc/>
    public Task<TaskHandle<TResult>> SubmitAsync<TResult>(
        ITaskInput<TResult> input, SubmitOptions? options = null, CancellationToken cancellationToken = default) =>
        PostAsync<TResult>(TaskSubmission.Of(input, options), cancellationToken);

    /// <inheritdoc/>
    public Task<TaskHandle<JsonElement>> SubmitAsync(TaskSubmission task, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        return PostAsync<JsonElement>(task, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<SubmittedTask<JsonElement>> SubmitManyAsync(IAsyncEnumerable<TaskSubmission> tasks, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        return PostManyAsync(tasks, cancellationToken);
    }

    /// <inheritdoc/>
    public TaskHandle<TResult> Attach<TResult>(Guid taskId) => new(taskId, this);

    /// <inheritdoc/>
    public TaskHandle<JsonElement> Attach(Guid taskId) => new(taskId, this);

    /// <inheritdoc/>
    public async Task<TaskResponse> GetAsync(Guid taskId, CancellationToken cancellationToken) =>
        (await _producers.AskAsync(new Ask(HttpMethod.Get, $"v1/tasks/{taskId}"), _options.RetryFor, cancellationToken)).As<TaskResponse>();

    /// <inheritdoc/>
    public Task<TaskResponse> WaitAsync(Guid taskId, CancellationToken cancellationToken) => _waits.WaitAsync(taskId, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<TaskEvent> WatchAsync(Guid taskId, CancellationToken cancellationToken) => _events.ReadAsync(taskId, cancellationToken);

    /// <inheritdoc/>
    public async Task<ExplainResponse> ExplainAsync(Guid taskId, CancellationToken cancellationToken) =>
        (await _producers.AskAsync(new Ask(HttpMethod.Get, $"v1/tasks/{taskId}/explain"), _options.RetryFor, cancellationToken)).As<ExplainResponse>();

    /// <inheritdoc/>
    public async Task<bool> CancelAsync(Guid taskId, string? reason, CancellationToken cancellationToken)
    {
        var ask = new Ask(HttpMethod.Post, $"v1/tasks/{taskId}/cancel")
        {
            Body = reason is null ? null : () => Body(JsonSerializer.SerializeToUtf8Bytes(new { reason }, HttpJson.Options)),
        };
        try
        {
            await _producers.AskAsync(ask, _options.RetryFor, cancellationToken);
            return true;
        }
        catch (ProblemException e) when (e.Type == ProblemTypes.TaskAlreadyEnded)
        {
            return e.Problem.State == TaskState.Cancelled; // perhaps by the try whose answer was lost
        }
    }

    /// <summary>Closes the connections. Who waits for a result is told so by an <see cref="ObjectDisposedException"/>; the tasks go on.</summary>
    public void Dispose()
    {
        _waits.Dispose();
        _producers.Dispose();
    }

    private static ByteArrayContent Body(byte[] json) => new(json) { Headers = { ContentType = Json } };

    private async Task<TaskHandle<TResult>> PostAsync<TResult>(TaskSubmission task, CancellationToken cancellationToken)
    {
        var options = (task.Options ?? _options.Defaults).Over(_options.Defaults);
        var key = options.IdempotencyKey ?? NewKey();
        // A key of the caller's may have characters that a header has not.
        var isOurs = options.IdempotencyKey is null && key is not null;
        var body = JsonSerializer.SerializeToUtf8Bytes(task.ToRequest(options, isOurs ? null : key), HttpJson.Options);
        var ask = new Ask(HttpMethod.Post, "v1/tasks")
        {
            Body = () => Body(body),
            Headers = isOurs ? [("Idempotency-Key", $"\"{key}\"")] : [],
            IdempotencyKey = key,
            IsRepeatable = key is not null,
        };
        var answer = await _producers.AskAsync(ask, _options.RetryFor, cancellationToken);
        return new TaskHandle<TResult>(answer.As<TaskResponse>().Id, this, answer.IsReplayed);
    }

    private async IAsyncEnumerable<SubmittedTask<JsonElement>> PostManyAsync(
        IAsyncEnumerable<TaskSubmission> tasks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var index = 0;
        await foreach (var lines in BatchChunks.OfAsync(tasks.Select(LineOf), _time, cancellationToken))
        {
            await _batches.SendAsync(lines, cancellationToken);
            foreach (var line in lines)
            {
                var handle = line.Id is { } id ? new TaskHandle<JsonElement>(id, this, line.IsReplayed) : null;
                yield return new SubmittedTask<JsonElement>(index++, handle, line.Error, line.IsReplayed);
            }
        }
    }

    private BatchLine LineOf(TaskSubmission task)
    {
        var options = (task.Options ?? _options.Defaults).Over(_options.Defaults);
        return BatchLine.Of(task.ToRequest(options, options.IdempotencyKey ?? NewKey()));
    }

    private string? NewKey() => _options.GenerateIdempotencyKeys ? Guid.NewGuid().ToString() : null;
}
