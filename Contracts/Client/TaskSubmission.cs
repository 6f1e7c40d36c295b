using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;

namespace Messaging.Contracts.Client;

/// <summary>A task to be submitted, as JSON: also of kinds whose records the caller does not have.</summary>
/// <param name="Kind">A kind that some worker has registered.</param>
/// <param name="Input">Its input.</param>
/// <param name="Options">What is different for this task.</param>
public sealed record TaskSubmission(string Kind, RawJson Input, SubmitOptions? Options = null)
{
    private static readonly ConcurrentDictionary<Type, string> KindNames = new();

    /// <summary>A task of a kind whose input record the caller has.</summary>
    /// <exception cref="ArgumentException">The record has no <see cref="TaskKindAttribute"/>, or can't be written as JSON.</exception>
    public static TaskSubmission Of<TResult>(ITaskInput<TResult> input, SubmitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Of(KindNames.GetOrAdd(input.GetType(), NameOf), input, options);
    }

    /// <summary>A task of any kind, with an object that is written as JSON as all inputs are.</summary>
    /// <exception cref="ArgumentException">The object can't be written as JSON.</exception>
    public static TaskSubmission Of(string kind, object? input, SubmitOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        try
        {
            return new TaskSubmission(kind, new RawJson(JsonSerializer.SerializeToUtf8Bytes(input, input?.GetType() ?? typeof(object), MessagingJson.Payload)), options);
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"{input!.GetType()} can't be written as JSON: {e.Message}", nameof(input), e);
        }
    }

    /// <summary>A task of any kind, with its input as JSON text, which the handler gets as it is here.</summary>
    /// <exception cref="ArgumentException"><paramref name="input"/> is not JSON.</exception>
    public static TaskSubmission OfJson(string kind, string input, SubmitOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        ArgumentNullException.ThrowIfNull(input);
        var bytes = Encoding.UTF8.GetBytes(input);
        try
        {
            using var checkedOnly = JsonDocument.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"The input is not JSON: {e.Message}", nameof(input), e);
        }

        return new TaskSubmission(kind, new RawJson(bytes), options);
    }

    /// <summary>The name on the wire of an input record's kind.</summary>
    internal static string NameOf(Type input) =>
        input.GetCustomAttribute<TaskKindAttribute>()?.Name
        ?? throw new ArgumentException($"{input} has no [TaskKind(\"name\")] attribute.", nameof(input));

    /// <summary>The request that it makes.</summary>
    /// <param name="options">The task's own over the client's.</param>
    /// <param name="key">Null: none.</param>
    internal SubmitTaskRequest ToRequest(SubmitOptions options, string? key) => new()
    {
        Kind = Kind,
        Input = Input,
        Queue = options.Queue,
        Delay = options.Delay,
        RunAt = options.RunAt,
        Timeout = options.Timeout,
        Deadline = options.Deadline,
        MaxAttempts = options.MaxAttempts,
        Tags = options.Tags,
        IdempotencyKey = key,
        Callback = options.Callback,
    };
}
