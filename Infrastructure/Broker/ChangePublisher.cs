using System.Threading.Channels;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Store.Changes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Tells other processes which tasks this one has changed, while somebody listens: one message for what was committed since the last one, at
/// most <see cref="MostIds"/> tasks. Not confirmed, not mandatory, not durable, over a connection of its own that is there only while it is used:
/// it can hold up no task, and what it loses is found in the ledger.
/// </summary>
internal sealed class ChangePublisher(TaskChanges changes, RabbitMqAddress address, TimeProvider time, ILogger<ChangePublisher> log) : BackgroundService
{
    /// <summary>The most tasks in one message.</summary>
    public const int MostIds = 2_000;

    private const int MostBatches = 1_000;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepConnection = TimeSpan.FromSeconds(30);

    private readonly Channel<IReadOnlyList<Guid>> _made = Channel.CreateBounded<IReadOnlyList<Guid>>(
        new BoundedChannelOptions(MostBatches) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

    private readonly HintConnection _connection = new(address, "messaging-changes", QueueTopology.DeclareChangesAsync);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        changes.Made += Take;
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        changes.Made -= Take;
        await base.StopAsync(cancellationToken);
        await CloseAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (_connection.Channel is not null && !await IsMadeWithinAsync(KeepConnection, stoppingToken))
                await CloseAsync();
            await _made.Reader.WaitToReadAsync(stoppingToken);
            try
            {
                if (TakeIds() is { Count: > 0 } ids)
                    await SendAsync(ids, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.ChangesNotTold(e.Message);
                await CloseAsync();
                await Task.Delay(PauseAfterFailure, time, stoppingToken);
            }
        }
    }

    private void Take(IReadOnlyList<Guid> ids) => _made.Writer.TryWrite(ids);

    private async Task<bool> IsMadeWithinAsync(TimeSpan limit, CancellationToken stoppingToken)
    {
        using var patience = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stoppingToken);
        try
        {
            return await _made.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private HashSet<Guid> TakeIds()
    {
        var ids = new HashSet<Guid>();
        while (ids.Count < MostIds && _made.Reader.TryRead(out var batch))
            ids.UnionWith(batch);
        return ids;
    }

    private async Task SendAsync(HashSet<Guid> ids, CancellationToken stoppingToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        patience.CancelAfter(HintConnection.Patience);
        var channel = await _connection.OpenAsync(patience.Token);
        var properties = new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Transient };
        await channel.BasicPublishAsync(
            QueueNames.TasksChanged, "", mandatory: false, properties, TasksChangedJson.Write(new TasksChanged([.. ids])), patience.Token);
    }

    private async Task CloseAsync()
    {
        if (await _connection.CloseAsync() is { } trouble)
            log.ChangesNotTold(trouble);
    }
}
