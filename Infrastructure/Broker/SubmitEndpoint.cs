using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The AMQP door: consumes <see cref="QueueNames.Submit"/>. Each message is handed on at once and acknowledged when its fate is committed, so as many as are
/// prefetched share group commits, and what is not acknowledged comes again. Connects by itself, again and again; while it can't, the messages wait
/// in the broker. RabbitMQ's client is used directly, as for declarations: strangers' messages have no use for MassTransit's envelope and error queues.
/// </summary>
public sealed class SubmitEndpoint : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // A connection may look well and be dead: the broker is asked, on the very channel, what it thinks.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(5);

    private readonly RabbitMqAddress _address;
    private readonly ISubmitReceiver _receiver;
    private readonly SubmitEndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SubmitEndpoint> _log;
    private volatile bool _consuming;
    private string? _said;

    internal SubmitEndpoint(
        RabbitMqAddress address, ISubmitReceiver receiver, SubmitEndpointOptions options, TimeProvider time, ILogger<SubmitEndpoint> log) =>
        (_address, _receiver, _options, _time, _log) = (address, receiver, options, time, log);

    /// <summary>True while the broker has its consumer registered.</summary>
    public bool IsConsuming => _consuming;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.Submit)
            return;
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var reason = await ConsumeAsync(stoppingToken);
                pause = FirstPause;
                Say(reason);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Say(e.Message);
            }
            finally
            {
                _consuming = false;
            }

            await Task.Delay(pause, _time, stoppingToken);
        }
    }

    /// <summary>Consumes until the connection ends; answers why it did.</summary>
    private async Task<string> ConsumeAsync(CancellationToken stoppingToken)
    {
        // Two connections: a broker under an alarm stops reading from one that publishes, and acknowledgements must not be stuck behind that.
        await using var connection = await _address.ToFactory("messaging-submit").CreateConnectionAsync(stoppingToken);
        await using var answers = await SubmitAnswers.OpenAsync(_address, _time, _log, stoppingToken);
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        connection.ConnectionShutdownAsync += (_, reason) => EndAsync(reason);
        channel.ChannelShutdownAsync += (_, reason) => EndAsync(reason);
        answers.Ended += reason => ended.TrySetResult(reason);
        await QueueTopology.DeclareAsync(channel, QueueNames.SubmitRejected, stoppingToken);
        await QueueTopology.DeclareAsync(channel, QueueNames.Submit, stoppingToken);
        var window = new SubmitWindow(_options.Prefetch);
        await using var session = new SubmitSession(channel, window, answers, _receiver, _time, _log);
        var tag = "";
        try
        {
            for (; ; await CancelAsync(channel, tag, stoppingToken))
            {
                var changed = window.Changed;
                tag = await ConsumeAsync(channel, window.Current, session, ended, stoppingToken);
                if (!_consuming)
                    _log.TakingSubmits();
                (_consuming, _said) = (true, null);
                if (await WatchAsync(channel, answers, session, window, ended.Task, changed, stoppingToken) is { } reason)
                    return reason;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await DrainAsync(channel, tag, session);
            throw;
        }

        Task EndAsync(ShutdownEventArgs reason)
        {
            ended.TrySetResult(reason.ReplyText);
            return Task.CompletedTask;
        }
    }

    /// <summary>Begins to take messages, so many at a time. What an earlier consumer on the channel has in its hands stays there.</summary>
    private static async Task<string> ConsumeAsync(
        IChannel channel, int prefetch, SubmitSession session, TaskCompletionSource<string> ended, CancellationToken cancellationToken)
    {
        await channel.BasicQosAsync(0, (ushort)prefetch, global: false, cancellationToken);
        var consumer = new SubmitConsumer(channel, session.Begin, () => ended.TrySetResult("the consumer was cancelled"));
        return await channel.BasicConsumeAsync(QueueNames.Submit, autoAck: false, consumer, cancellationToken);
    }

    private static Task CancelAsync(IChannel channel, string tag, CancellationToken cancellationToken) =>
        channel.BasicCancelAsync(tag, cancellationToken: cancellationToken).WaitAsync(RabbitMqAddress.Patience, cancellationToken);

    /// <summary>Takes no more and settles what was taken, as far as that goes quickly; the rest comes again.</summary>
    private async Task DrainAsync(IChannel channel, string tag, SubmitSession session)
    {
        try
        {
            using var patience = new CancellationTokenSource(DrainPatience, _time);
            await channel.BasicCancelAsync(tag, cancellationToken: patience.Token);
            await session.DrainAsync(patience.Token);
        }
        catch (Exception e)
        {
            _log.SubmitNotAcknowledged(e.Message);
        }
    }

    /// <summary>Returns when the session has ended, or looks well and is not; null when the window has changed.</summary>
    private async Task<string?> WatchAsync(
        IChannel channel, SubmitAnswers answers, SubmitSession session, SubmitWindow window, Task<string> ended, Task changed, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await Task.WhenAny(ended, changed).WaitAsync(LookEvery, _time, stoppingToken) == ended ? await ended : null;
            }
            catch (TimeoutException)
            {
                // Time to look.
            }

            var queue = await channel.QueueDeclarePassiveAsync(QueueNames.Submit, stoppingToken).WaitAsync(RabbitMqAddress.Patience, _time, stoppingToken);
            if (!answers.IsOpen)
                return "refused messages could not be set aside";
            if (queue.ConsumerCount == 0)
                return "the broker knows of no consumer";
            if (queue.MessageCount > 0 && session.UnderWay < window.Current && session.Silence >= LongestSilence)
                return FormattableString.Invariant($"{queue.MessageCount} messages wait and nothing came for {session.Silence.TotalSeconds:0} s");
        }
    }

    private void Say(string reason)
    {
        // Once for each reason, not every five seconds.
        if (_said != reason)
            _log.NotTakingSubmits(reason);
        _said = reason;
    }
}
