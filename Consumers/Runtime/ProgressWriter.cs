using System.Threading.Channels;
using Messaging.Contracts.Handlers;
using Messaging.Infrastructure.Store.Progress;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Writes what handlers report, in batches, at most five times a second; of several reports of one task in between, the latest.
/// A report is never worth waiting for: what the ledger does not take is dropped.
/// </summary>
internal sealed class ProgressWriter(ProgressStage stage, TimeProvider time, ILogger<ProgressWriter> log) : BackgroundService
{
    private const int LargestBatch = 500;
    private const int LongestLine = 20_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    // An attempt stands in line once, however much it reports; but many short ones may end before their turn comes.
    private readonly Channel<AttemptContext> _waiting = Channel.CreateBounded<AttemptContext>(new BoundedChannelOptions(LongestLine) { SingleReader = true });

    /// <summary>Puts an attempt in line; its latest report is read when its turn comes. False: the line is too long, the report is dropped.</summary>
    public bool Enqueue(AttemptContext attempt) => _waiting.Writer.TryWrite(attempt);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What was reported until now is still written.
        _waiting.Writer.TryComplete();
        if (ExecuteTask is { } writing)
            await writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            var batch = TakeBatch();
            await WriteAsync(batch, stoppingToken);
            if (batch.Count < LargestBatch)
                await Task.Delay(Interval, time, stoppingToken);
        }
    }

    private List<ProgressReport> TakeBatch()
    {
        var batch = new List<ProgressReport>();
        while (batch.Count < LargestBatch && _waiting.Reader.TryRead(out var attempt))
        {
            var progress = attempt.TakeProgress();
            if (progress is not null && attempt.StopReason != StopReason.ClaimLost)
                batch.Add(new ProgressReport(attempt.TaskId, attempt.Execution.Claim.ClaimedAt, ++attempt.Written, progress));
        }

        return batch;
    }

    private async Task WriteAsync(List<ProgressReport> batch, CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
            return;
        try
        {
            await stage.WriteAsync(batch, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.ProgressNotWritten(batch.Count, e.Message);
        }
    }
}
