using System.Runtime.ExceptionServices;
using MassTransit;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// A message on its way out: its bytes, and its way to fail. MassTransit repeats a failed send for minutes behind its caller's back, while
/// the relay has its own back-off, declares the queue again first, and can tell people why; so the first failure ends the send.
/// </summary>
internal sealed class OutgoingMessage : IDisposable
{
    private readonly CancellationTokenSource _cancel;
    private Exception? _failure;

    /// <summary>A message to send once.</summary>
    /// <param name="body">UTF-8 JSON.</param>
    /// <param name="cancellationToken">The deadline of the send.</param>
    public OutgoingMessage(byte[] body, CancellationToken cancellationToken)
    {
        Body = body;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Its bytes.</summary>
    public byte[] Body { get; }

    /// <summary>Headers beside the body; mostly none.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Sends it and returns when it is confirmed.</summary>
    /// <exception cref="OperationCanceledException">No confirm in time.</exception>
    /// <exception cref="Exception">Why it failed.</exception>
    public async Task SendAsync(ISendEndpoint endpoint)
    {
        try
        {
            // Not every wait below heeds the token, and RabbitMQ.Client 7.1.2 may drop what is sent while its connection breaks.
            await endpoint.Send(this, RawJsonSerializer.Pipe, _cancel.Token).WaitAsync(_cancel.Token);
        }
        catch (OperationCanceledException) when (Volatile.Read(ref _failure) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose() => _cancel.Dispose();

    /// <summary>Ends the send with a failure, unless it has ended.</summary>
    public void Fail(Exception failure)
    {
        if (failure is OperationCanceledException || Interlocked.CompareExchange(ref _failure, failure, null) is not null)
            return;
        try
        {
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            _failure = failure; // the send has ended by itself meanwhile
        }
    }

    /// <summary>What tells a message that MassTransit has failed to send it.</summary>
    internal sealed class FailureObserver : ISendObserver
    {
        public Task PreSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task PostSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class
        {
            (context.Message as OutgoingMessage)?.Fail(exception);
            return Task.CompletedTask;
        }
    }
}
