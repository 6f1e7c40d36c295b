using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Messaging.Tests.Benchmarks.Measure;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// Submits at an even pace and watches each task: when its commit was answered, when its handler began, when somebody who waits for it
/// learnt of its end.
/// </summary>
internal sealed class LatencyProbe : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "latency-probe";

    /// <summary>Environment variable: tasks a second.</summary>
    public const string RateVariable = "BENCH_RATE";

    /// <summary>The kind whose handler says when it began; the tests' worker has it.</summary>
    public const string Kind = "test.clock";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly double _rate = double.Parse(Environment.GetEnvironmentVariable(RateVariable)!, CultureInfo.InvariantCulture);
    private readonly byte[] _input = JsonSerializer.SerializeToUtf8Bytes(new { padding = new string('x', Payload.Bytes - "{\"padding\":\"\"}".Length) });
    private readonly LibraryStages _stages = new();
    private readonly NpgsqlDataSource _ledger = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable("Messaging__Postgres")!);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _stages.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var watched = new List<Task<Passage>>(tasks);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (watched.Count < tasks && await pace.WaitForNextTickAsync(cancellationToken))
        {
            var due = Math.Min(tasks, (int)(Stopwatch.GetElapsedTime(began).TotalSeconds * _rate) + 1);
            while (watched.Count < due)
                watched.Add(WatchAsync(cancellationToken));
        }

        var passages = await Task.WhenAll(watched);
        var starts = await StartsAsync([.. passages.Select(passage => passage.Id)], cancellationToken);
        var report = new Latencies(
            Latency.Of(passages.Select(passage => Stopwatch.GetElapsedTime(passage.Submitted, passage.Accepted))),
            Latency.Of(passages.Select(passage => Stopwatch.GetElapsedTime(passage.Submitted, starts[passage.Id]))),
            Latency.Of(passages.Select(passage => Stopwatch.GetElapsedTime(passage.Submitted, passage.Seen))));
        return new RoleReport(began, Stopwatch.GetTimestamp(), passages[^1].Id, report.ToText());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ledger.DisposeAsync();
        await _stages.DisposeAsync();
    }

    private async Task<Passage> WatchAsync(CancellationToken cancellationToken)
    {
        var task = _stages.NewTask(Kind, _input);
        var submitted = Stopwatch.GetTimestamp();
        await _stages.SubmitAsync(task, cancellationToken);
        var accepted = Stopwatch.GetTimestamp();
        if (!await _stages.Watcher.WaitForEndAsync(task.Id, Patience, cancellationToken))
            throw new BenchFailedException($"Task {task.Id} has not ended within {Patience.TotalSeconds:0} s.");
        return new Passage(task.Id, submitted, accepted, Stopwatch.GetTimestamp());
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
        return starts.Count == ids.Length ? starts : throw new BenchFailedException($"{starts.Count} of {ids.Length} tasks succeeded.");
    }

    private sealed record Passage(Guid Id, long Submitted, long Accepted, long Seen);
}
