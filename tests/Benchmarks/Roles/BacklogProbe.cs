using System.Diagnostics;
using System.Text.Json;
using Messaging.Tests.Benchmarks.Measure;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// Submits a backlog and, from its first task until its last has ended, single tasks into another queue at an even pace: how long those
/// take until their commit is answered and until their handler begins. A run of 0 has no backlog: the same on an idle system.
/// </summary>
internal sealed class BacklogProbe : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "backlog-probe";

    /// <summary>Environment variable: the queue of the single tasks.</summary>
    public const string SingleQueueVariable = "BENCH_SINGLE_QUEUE";

    // 50 a second, as the case "latency" has it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan IdleRun = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _queue = Environment.GetEnvironmentVariable(SingleQueueVariable)!;
    private readonly byte[] _input = JsonSerializer.SerializeToUtf8Bytes(new { });
    private readonly LibraryStages _stages = new();
    private readonly NpgsqlDataSource _ledger = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable("Messaging__Postgres")!);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _stages.StartAsync(cancellationToken);

    /// <summary>The report says, with bars between: how many single tasks there were, <see cref="LatencyFigures"/> of accepted and started.</summary>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var (last, singles) = (Guid.Empty, new List<Task<Single>>());
        var backlog = tasks > 0 ? BacklogAsync() : Task.Delay(IdleRun, TimeProvider.System, cancellationToken);
        using (var pace = new PeriodicTimer(Pause))
        {
            do
                singles.Add(SubmitAsync(cancellationToken));
            while (await pace.WaitForNextTickAsync(cancellationToken) && !backlog.IsCompleted);
        }

        await backlog;
        var ended = Stopwatch.GetTimestamp();
        var done = await Task.WhenAll(singles);
        var starts = await StartsAsync([.. done.Select(single => single.Id)], cancellationToken);
        var text = LatencyFigures.ToText(
            Latency.Of(done.Select(single => Stopwatch.GetElapsedTime(single.Submitted, single.Accepted))),
            Latency.Of(done.Select(single => Stopwatch.GetElapsedTime(single.Submitted, starts[single.Id]))));
        return new RoleReport(began, ended, tasks > 0 ? last : done[^1].Id, FormattableString.Invariant($"{done.Length}|{text}"));

        async Task BacklogAsync()
        {
            last = (await Callers.RunAsync(tasks, SubmitBatchAsync)).LastTask;
            await EndAsync(last, cancellationToken);
        }

        async Task<Guid> SubmitBatchAsync(int count)
        {
            var batch = Enumerable.Range(0, count).Select(_ => _stages.NewTask(Payload.Kind, Payload.Input(Payload.Text))).ToArray();
            await Task.WhenAll(batch.Select(task => _stages.SubmitAsync(task, cancellationToken)));
            return batch[^1].Id;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ledger.DisposeAsync();
        await _stages.DisposeAsync();
    }

    private async Task<Single> SubmitAsync(CancellationToken cancellationToken)
    {
        var task = _stages.NewTask(LatencyProbe.Kind, _input) with { Queue = _queue };
        var submitted = Stopwatch.GetTimestamp();
        await _stages.SubmitAsync(task, cancellationToken);
        var accepted = Stopwatch.GetTimestamp();
        await EndAsync(task.Id, cancellationToken);
        return new Single(task.Id, submitted, accepted);
    }

    private async Task EndAsync(Guid task, CancellationToken cancellationToken)
    {
        if (!await _stages.Watcher.WaitForEndAsync(task, Patience, cancellationToken))
            throw new BenchFailedException($"Task {task} has not ended within {Patience.TotalSeconds:0} s.");
    }

    private async Task<Dictionary<Guid, long>> StartsAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = _ledger.CreateCommand(
            "SELECT task_id, (result::jsonb ->> 'started')::bigint FROM messaging.outcomes JOIN unnest($1) AS wanted (id) ON id = task_id WHERE state = 4");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var starts = new Dictionary<Guid, long>(ids.Length);
        while (await rows.ReadAsync(cancellationToken))
            starts.Add(rows.GetGuid(0), rows.GetInt64(1));
        return starts.Count == ids.Length ? starts : throw new BenchFailedException($"{starts.Count} of {ids.Length} single tasks succeeded.");
    }

    private sealed record Single(Guid Id, long Submitted, long Accepted);
}
