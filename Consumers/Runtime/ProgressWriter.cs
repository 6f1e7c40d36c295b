using System.Threading.Channels;
using Messaging.Contracts.Handlers;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Progress;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Writes what handlers report, in batches, five times a second: up to <see cref="ProgressReports.MostKept"/> reports of an attempt at a time, and
/// up to <see cref="MostAtOnce"/> of all together, shared evenly; of what is more, the latest. A handler never waits for it, only the end of an
/// attempt does, for its last reports: whoever sees how it ended has seen them.
/// </summary>
internal sealed class ProgressWriter(ProgressStage stage, TimeProvider time, ILogger<ProgressWriter> log) : BackgroundService
{
    /// <summary>The most reports written in one round, unless more attempts than that have one each.</summary>
    public const int MostAtOnce = 1_000;

    /// <summary>How long the end of an attempt waits for its last reports. The ledger is away then, and the end can't be recorded either.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const int LargestBatch = 500;
    private const int LongestLine = 20_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    // An attempt stands in a line once, however much it reports; but many short ones may end before their turn comes.
    private readonly Channel<AttemptContext> _line = Channel.CreateBounded<AttemptContext>(new BoundedChannelOptions(LongestLine) { SingleReader = true });

    // Those that have ended: each once, and bounded by the slots.
    private readonly Channel<AttemptContext> _ended = Channel.CreateUnbounded<AttemptContext>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Puts an attempt in line; its reports are taken when its turn comes. False: the line is too long.</summary>
    public bool Enqueue(AttemptContext attempt) => _line.Writer.TryWrite(attempt);

    /// <summary>Writes the last reports of an attempt that has ended; later ones are not taken. Never throws.</summary>
    public async ValueTask FlushAsync(AttemptContext attempt)
    {
        if (attempt.Reports.Close() is not { } written || !_ended.Writer.TryWrite(attempt))
            return;
        try
        {
            await written.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            log.ProgressNotWritten(1, "the ledger took too long");
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What was reported until now is still written.
        _line.Writer.TryComplete();
        _ended.Writer.TryComplete();
        if (ExecuteTask is { } writing)
            await writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(WriteLineAsync(stoppingToken), WriteEndedAsync(stoppingToken));

    private async Task WriteLineAsync(CancellationToken stoppingToken)
    {
        while (await _line.Reader.WaitToReadAsync(stoppingToken))
        {
            await WriteAsync(Take(_line.Reader, LongestLine), stoppingToken);
            if (!_line.Reader.Completion.IsCompleted)
                await Task.Delay(Interval, time, stoppingToken);
        }
    }

    private async Task WriteEndedAsync(CancellationToken stoppingToken)
    {
        while (await _ended.Reader.WaitToReadAsync(stoppingToken))
            await WriteAsync(Take(_ended.Reader, LargestBatch), stoppingToken);
    }

    private static List<AttemptContext> Take(ChannelReader<AttemptContext> reader, int most)
    {
        var attempts = new List<AttemptContext>();
        while (attempts.Count < most && reader.TryRead(out var attempt))
            attempts.Add(attempt);
        return attempts;
    }

    private async Task WriteAsync(List<AttemptContext> attempts, CancellationToken stoppingToken)
    {
        var share = Math.Clamp(MostAtOnce / Math.Max(attempts.Count, 1), 1, ProgressReports.MostKept);
        var taken = new List<AttemptContext>(attempts.Count);
        var reports = new List<ProgressReport>();
        foreach (var attempt in attempts)
        {
            var batch = attempt.TakeReports(share);
            if (batch.Count == 0)
                continue; // in the other loop's hands, which puts it back in line
            taken.Add(attempt);
            if (attempt.StopReason != StopReason.ClaimLost)
                reports.AddRange(batch);
        }

        foreach (var batch in reports.Chunk(LargestBatch))
            await WriteUntilTakenAsync(batch, stoppingToken);
        foreach (var attempt in taken.Where(attempt => attempt.Reports.Written()))
        {
            if (attempt.Reports.IsClosed ? !_ended.Writer.TryWrite(attempt) : !Enqueue(attempt))
                attempt.Reports.NotInLine();
        }
    }

    /// <summary>While the ledger is away reports are kept, and then written with the numbers that they have: a gap in them would be a loss.</summary>
    private async Task WriteUntilTakenAsync(ProgressReport[] batch, CancellationToken stoppingToken)
    {
        for (var pause = Interval; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await stage.WriteAsync(batch, stoppingToken);
                return;
            }
            catch (Exception e) when (LedgerErrors.IsTransient(e))
            {
                log.ProgressNotWritten(batch.Length, e.Message);
                await Task.Delay(pause, time, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.ProgressNotWritten(batch.Length, e.Message);
                return;
            }
        }
    }
}
