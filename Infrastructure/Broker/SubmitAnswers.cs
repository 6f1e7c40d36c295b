using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The way back of the AMQP door: refused messages go to <see cref="QueueNames.SubmitRejected"/>, confirmed, before they are acknowledged; whoever
/// named a queue in <c>reply_to</c> is told what became of his message, if that is possible without waiting.
/// </summary>
internal sealed class SubmitAnswers : IAsyncDisposable
{
    private const int MostReplies = 10_000;
    private const int LongestReason = 500;

    // All headers of a message travel in one frame of at most 128 KiB.
    private const int LongestProblem = 16 * 1024;

    private const string UserHeader = "messaging-user-id";
    private const string ReplyHeader = "messaging-reply-to";
    private const string OwnQueues = "messaging.";

    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan QuietAfterFailure = TimeSpan.FromSeconds(30);

    private readonly IConnection _connection;
    private readonly IChannel _rejected;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Channel<(string To, BasicProperties Properties, ReadOnlyMemory<byte> Body)> _replies =
        Channel.CreateBounded<(string, BasicProperties, ReadOnlyMemory<byte>)>(
            new BoundedChannelOptions(MostReplies) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _replying;

    private SubmitAnswers(IConnection connection, IChannel rejected, TimeProvider time, ILogger log)
    {
        (_connection, _rejected, _time, _log) = (connection, rejected, time, log);
        connection.ConnectionShutdownAsync += (_, reason) => EndAsync(reason);
        rejected.ChannelShutdownAsync += (_, reason) => EndAsync(reason);
        _replying = Task.Run(ReplyAsync);
    }

    /// <summary>Raised when nothing can be set aside any more; says why.</summary>
    public event Action<string>? Ended;

    /// <summary>False when nothing can be set aside any more.</summary>
    public bool IsOpen => _connection.IsOpen && _rejected.IsOpen;

    /// <summary>Connects.</summary>
    /// <exception cref="Exception">The broker can't be reached or refuses us.</exception>
    public static async Task<SubmitAnswers> OpenAsync(RabbitMqAddress address, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var connection = await address.ToFactory("messaging-submit-answers").CreateConnectionAsync(cancellationToken);
        try
        {
            var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
            return new SubmitAnswers(connection, await connection.CreateChannelAsync(confirmed, cancellationToken), time, log);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when the message is safe in the queue of rejected ones; tries until then.</summary>
    /// <exception cref="OperationCanceledException">The session has ended: the message will come again.</exception>
    public async Task SetAsideAsync(IReadOnlyBasicProperties original, ReadOnlyMemory<byte> body, SubmitVerdict verdict, CancellationToken cancellationToken)
    {
        _log.SubmitRejected(verdict.Reason!);
        // Ours and theirs together may be too many; then theirs are left out. They are not needed to send the message again.
        for (var withHeaders = true; ; withHeaders = false)
        {
            try
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(SendPatience);
                await _rejected.BasicPublishAsync(
                    QueueNames.SubmitRejected, "", mandatory: true, Refused(original, verdict, withHeaders), body, patience.Token).AsTask().WaitAsync(patience.Token);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                _log.SubmitNotRejected(e.Message);
            }

            await Task.Delay(Pause, _time, cancellationToken);
        }
    }

    /// <summary>
    /// Tells whoever asked what became of his message. Never waits: with too many replies under way it gets lost. Queues of our own are nobody's to
    /// have answers sent to.
    /// </summary>
    public void Reply(IReadOnlyBasicProperties original, SubmitVerdict verdict)
    {
        if (string.IsNullOrEmpty(original.ReplyTo) || original.ReplyTo.StartsWith(OwnQueues, StringComparison.Ordinal))
            return;
        var properties = new BasicProperties { ContentType = verdict.Problem is null ? "application/json" : "application/problem+json" };
        if (original.IsCorrelationIdPresent())
            properties.CorrelationId = original.CorrelationId;
        _replies.Writer.TryWrite((original.ReplyTo, properties, verdict.Answer));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _replies.Writer.TryComplete();
        _stop.CancelAfter(Pause);
        await _replying;
        await _rejected.DisposeAsync();
        await _connection.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>The message's own properties, but for those that the broker would act on once more.</summary>
    private static BasicProperties Refused(IReadOnlyBasicProperties original, SubmitVerdict verdict, bool withHeaders)
    {
        var properties = new BasicProperties(original) { DeliveryMode = DeliveryModes.Persistent };
        var headers = withHeaders && original.Headers is { } theirs ? new Dictionary<string, object?>(theirs) : [];
        headers[QueueNames.ReasonHeader] = Cut(verdict.Reason!, LongestReason);
        headers[QueueNames.ProblemHeader] = Cut(verdict.Problem!, LongestProblem);
        headers[QueueNames.OriginHeader] = QueueNames.Submit;
        if (original.IsUserIdPresent())
            headers[UserHeader] = original.UserId;
        if (original.IsReplyToPresent())
            headers[ReplyHeader] = original.ReplyTo;
        properties.ClearUserId();      // must be the publisher's own
        properties.ClearReplyTo();     // was answered
        properties.ClearExpiration();  // is kept until a person has seen it
        properties.Headers = headers;
        return properties;
    }

    private async Task ReplyAsync()
    {
        while (await _replies.Reader.WaitToReadAsync())
        {
            try
            {
                await using var channel = await _connection.CreateChannelAsync(cancellationToken: _stop.Token);
                while (await _replies.Reader.WaitToReadAsync(_stop.Token))
                {
                    while (_replies.Reader.TryRead(out var reply))
                        await channel.BasicPublishAsync("", reply.To, mandatory: false, reply.Properties, reply.Body, _stop.Token);
                }
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                // Most likely the user may not write to the default exchange, which closes the channel.
                _log.RepliesNotSent(QuietAfterFailure.TotalSeconds, e.Message);
                await PauseAsync();
                while (_replies.Reader.TryRead(out _))
                    continue; // nobody waits for these any more
            }
            catch (Exception e)
            {
                _log.SubmitNotAcknowledged(e.Message);
                return;
            }
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(QuietAfterFailure, _time, _stop.Token);
        }
        catch (OperationCanceledException e)
        {
            _log.SubmitNotAcknowledged(e.Message);
        }
    }

    private Task EndAsync(RabbitMQ.Client.Events.ShutdownEventArgs reason)
    {
        Ended?.Invoke(reason.ReplyText);
        return Task.CompletedTask;
    }

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..longest];
}
