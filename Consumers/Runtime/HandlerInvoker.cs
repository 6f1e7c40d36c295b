using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Files;

namespace Messaging.Consumers.Runtime;

/// <summary>Runs the handler of one kind, from stored bytes to bytes to store.</summary>
internal abstract class HandlerInvoker
{
    /// <summary>The largest result, in bytes of JSON. A large one is kept as a file.</summary>
    public const int LargestResult = LargeTexts.Most;

    private protected HandlerInvoker(Type handler, KindDescription kind)
    {
        Kind = kind;
        Retries = RetryRules.Of(handler, kind.Retry);
    }

    /// <summary>What others need to know of the kind.</summary>
    public KindDescription Kind { get; }

    /// <summary>What follows a failure.</summary>
    public RetryRules Retries { get; }

    /// <summary>How long its attempts run here.</summary>
    public MeanRunTime MeanRun { get; } = new();

    /// <summary>The handler's class.</summary>
    public abstract Type HandlerType { get; }

    /// <summary>Closes the generic invoker over a handler's types; done once a kind.</summary>
    /// <exception cref="ArgumentException">The types don't fit each other, or the handler has a retry rule that can't be.</exception>
    /// <exception cref="NotSupportedException">The input or the result can't be written as JSON.</exception>
    /// <exception cref="InvalidOperationException">The handler has no constructor that dependency injection can use.</exception>
    public static HandlerInvoker Create(Type handler, Type input, Type result, KindDescription kind)
    {
        var closed = typeof(HandlerInvoker<,,>).MakeGenericType(handler, input, result);
        return (HandlerInvoker)closed.GetMethod(nameof(HandlerInvoker<,,>.Of))!
            .CreateDelegate<Func<KindDescription, HandlerInvoker>>()(kind);
    }

    /// <summary>Runs one attempt. An input that can't be read and a result that can't be written are outcomes; the handler's own exceptions come through.</summary>
    public abstract ValueTask<TaskOutcome> InvokeAsync(
        ReadOnlyMemory<byte> input, TaskContext context, IServiceProvider services, CancellationToken cancellationToken);
}

/// <summary>The invoker of one handler class.</summary>
internal sealed class HandlerInvoker<THandler, TInput, TResult> : HandlerInvoker
    where THandler : class, ITaskHandler<TInput, TResult>
    where TInput : ITaskInput<TResult>
{
    private readonly JsonTypeInfo<TInput> _input = (JsonTypeInfo<TInput>)MessagingJson.Payload.GetTypeInfo(typeof(TInput));
    private readonly JsonTypeInfo<TResult> _result = (JsonTypeInfo<TResult>)MessagingJson.Payload.GetTypeInfo(typeof(TResult));
    private readonly ObjectFactory<THandler> _create = ActivatorUtilities.CreateFactory<THandler>([]);

    private HandlerInvoker(KindDescription kind)
        : base(typeof(THandler), kind)
    {
    }

    public override Type HandlerType => typeof(THandler);

    public static HandlerInvoker Of(KindDescription kind) => new HandlerInvoker<THandler, TInput, TResult>(kind);

    public override async ValueTask<TaskOutcome> InvokeAsync(
        ReadOnlyMemory<byte> input, TaskContext context, IServiceProvider services, CancellationToken cancellationToken)
    {
        TInput? asked;
        try
        {
            asked = JsonSerializer.Deserialize(input.Span, _input);
            if (asked is null)
                return AttemptFailure.InvalidInput(new JsonException("It is null."));
        }
        catch (Exception e)
        {
            return AttemptFailure.InvalidInput(e); // also what the record's own constructor throws
        }

        await using var scope = services.CreateAsyncScope();
        var handler = _create(scope.ServiceProvider, []);
        TResult result;
        try
        {
            result = await handler.HandleAsync(asked, context, cancellationToken);
        }
        finally
        {
            // The scope disposes what it made; the handler was made outside of it.
            if (handler is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                (handler as IDisposable)?.Dispose();
        }

        return Write(result);
    }

    private TaskOutcome Write(TResult result)
    {
        try
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(result, _result);
            return bytes.Length <= LargestResult
                ? new Returned(bytes)
                : AttemptFailure.InvalidResult($"it has {bytes.Length} bytes, at most {LargestResult} are kept.");
        }
        catch (Exception e)
        {
            return AttemptFailure.InvalidResult(e.Message, e); // also what the record's own properties throw
        }
    }
}
