using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Infrastructure.Broker;

/// <summary>One consumer's life on one channel: what it has in its hands, and how each message is settled.</summary>
internal sealed class SubmitSession(IChannel channel, SubmitWindow window, SubmitAnswers answers, ISubmitReceiver receiver, TimeProvider time, ILogger log) : IAsyncDisposable
{
    // What fails in a way that nobody foresaw must not fly in circles.
    private static readonly TimeSpan PauseBeforeReturn = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastSign = time.GetTimestamp();
    private int _underWay = 1; // one for the session itself

    /// <summary>How many messages are not settled.</summary>
    public int UnderWay => Volatile.Read(ref _underWay) - 1;

    /// <summary>How long nothing came.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _lastSign));

    /// <summary>
    /// Takes a delivery; returns at once. Its bytes are copied: the client uses its buffer again. One too large to be a task is not copied:
    /// it is set aside from where it is, and the next has to wait.
    /// </summary>
    public Task Begin(BasicDeliverEventArgs delivery)
    {
        Volatile.Write(ref _lastSign, time.GetTimestamp());
        Interlocked.Increment(ref _underWay);
        window.Taken(delivery.Body.Length);
        if (delivery.Body.Length > receiver.MostBytes)
            return HandleAsync(delivery.DeliveryTag, delivery.BasicProperties, delivery.Body);
        _ = HandleAsync(delivery.DeliveryTag, delivery.BasicProperties, delivery.Body.ToArray());
        return Task.CompletedTask;
    }

    /// <summary>Returns when all that was taken is settled. Nothing may be taken any more.</summary>
    /// <exception cref="OperationCanceledException">It takes too long.</exception>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        Settled();
        return _idle.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Gives up what is under way: it will come again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _ended.Dispose();
    }

    private async Task HandleAsync(ulong deliveryTag, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var ended = _ended.Token;
        try
        {
            var verdict = await receiver.ReceiveAsync(
                new SubmitMessage(body, Present(properties.ContentType), Present(properties.ContentEncoding), Header(properties, "traceparent")), ended);
            if (verdict.Problem is not null)
                await answers.SetAsideAsync(properties, body, verdict, ended);
            await AcknowledgeAsync(deliveryTag);
            answers.Reply(properties, verdict);
        }
        catch (Exception e)
        {
            if (!ended.IsCancellationRequested)
                await ReturnAsync(deliveryTag, e, ended);
        }
        finally
        {
            window.Settled(body.Length);
            Settled();
        }
    }

    private async Task AcknowledgeAsync(ulong deliveryTag)
    {
        try
        {
            await channel.BasicAckAsync(deliveryTag, multiple: false, CancellationToken.None);
        }
        catch (Exception e)
        {
            log.SubmitNotAcknowledged(e.Message); // the channel is gone; when the message comes again, its id tells that it was accepted
        }
    }

    private async Task ReturnAsync(ulong deliveryTag, Exception reason, CancellationToken ended)
    {
        log.SubmitFailed(reason.Message, reason);
        try
        {
            await Task.Delay(PauseBeforeReturn, time, ended);
            await channel.BasicNackAsync(deliveryTag, multiple: false, requeue: true, CancellationToken.None);
        }
        catch (Exception e)
        {
            log.SubmitNotAcknowledged(e.Message);
        }
    }

    private void Settled()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
            _idle.TrySetResult();
    }

    private static string? Present(string? property) => string.IsNullOrEmpty(property) ? null : property;

    private static string? Header(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers is { } headers && headers.TryGetValue(name, out var value)
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;
}
