using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// Submits packs of tasks of a kind that counts as short, first without and then with one slow task in each, and watches how soon the
/// others, its neighbours, are seen to end.
/// </summary>
internal sealed class PackProbe : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "pack-probe";

    /// <summary>How long a slow task runs.</summary>
    public static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);

    /// <summary>One in so many is slow: as many as a pack holds at most.</summary>
    public const int OneIn = 64;

    // Where packs are not cut short by the work in them: 64 times this is well below a second.
    private static readonly TimeSpan ShortRun = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly byte[] _short = Payload.Input(Payload.Text);
    private readonly byte[] _slow = JsonSerializer.SerializeToUtf8Bytes(new DebugEcho("slow", Slow), MessagingJson.Payload);
    private readonly LibraryStages _stages = new();
    private MetricCollector? _packs;

    /// <summary>What a run showed.</summary>
    /// <param name="Tasks">How many were submitted, in all.</param>
    /// <param name="Without">Submit to end seen, no slow task among them.</param>
    /// <param name="With">The same for the neighbours of slow ones.</param>
    /// <param name="SlowTasks">How many slow ones there were.</param>
    /// <param name="PerMessage">How many tasks were in a message, on average, where slow ones were among them.</param>
    internal sealed record Seen(int Tasks, Latency Without, Latency With, int SlowTasks, double PerMessage)
    {
        /// <summary>For a line between processes.</summary>
        public string ToText() => FormattableString.Invariant($"{Tasks}|{LatencyFigures.ToText(Without, With)}|{SlowTasks}|{PerMessage:R}");

        /// <summary>Reads such a text.</summary>
        public static Seen Parse(string text)
        {
            var parts = text.Split('|');
            var latencies = LatencyFigures.Parse(parts[1]);
            return new Seen(
                int.Parse(parts[0], CultureInfo.InvariantCulture),
                latencies[0],
                latencies[1],
                int.Parse(parts[2], CultureInfo.InvariantCulture),
                double.Parse(parts[3], CultureInfo.InvariantCulture));
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _stages.StartAsync(cancellationToken);
        _packs = new MetricCollector(_stages.Services.GetRequiredService<IMeterFactory>(), "messaging.relay.packs");
    }

    /// <summary>Submits so many tasks without and so many with slow ones; the report says what <see cref="Seen"/> holds.</summary>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var made = await UntilShortAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        var without = await SubmitAsync(tasks, _ => false, cancellationToken);
        var packs = _packs!.Sum;
        // Any so many in a row hold exactly one, wherever a pack begins.
        var with = await SubmitAsync(tasks, i => i % OneIn == OneIn / 2, cancellationToken);
        var (slow, neighbours) = (with.Where(end => end.Slow).ToArray(), with.Where(end => !end.Slow).ToArray());
        if (slow.Any(end => end.Took < Slow))
            throw new BenchFailedException("A slow task was not slow.");
        var seen = new Seen(
            made + (2 * tasks),
            Latency.Of(without.Select(end => end.Took)),
            Latency.Of(neighbours.Select(end => end.Took)),
            slow.Length,
            (double)tasks / (_packs.Sum - packs));
        return new RoleReport(began, Stopwatch.GetTimestamp(), with[^1].Id, seen.ToText());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _packs?.Dispose();
        await _stages.DisposeAsync();
    }

    /// <summary>
    /// Slow tasks spoil the kind's mean, and it is not packed for a while. Submits short ones until this process knows that it is short
    /// again, and answers how many that took.
    /// </summary>
    private async Task<int> UntilShortAsync(CancellationToken cancellationToken)
    {
        var kinds = _stages.Services.GetRequiredService<KindCatalog>();
        var made = 0;
        var since = Stopwatch.GetTimestamp();
        while (kinds.MeanRun(Payload.Kind) is not { } mean || mean > ShortRun)
        {
            if (Stopwatch.GetElapsedTime(since) > Patience)
                throw new BenchFailedException($"'{Payload.Kind}' does not count as short after {made:N0} short tasks.");
            await SubmitAsync(OneIn, _ => false, cancellationToken);
            made += OneIn;
            await Task.Delay(KindCatalog.Interval / 4, TimeProvider.System, cancellationToken); // means come once a second
        }

        return made;
    }

    private Task<End[]> SubmitAsync(int tasks, Func<int, bool> isSlow, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, tasks).Select(i => SubmitOneAsync(isSlow(i), cancellationToken)).ToArray());

    private async Task<End> SubmitOneAsync(bool slow, CancellationToken cancellationToken)
    {
        var task = _stages.NewTask(Payload.Kind, slow ? _slow : _short);
        var submitted = Stopwatch.GetTimestamp();
        await _stages.SubmitAsync(task, cancellationToken);
        return await _stages.Watcher.WaitForEndAsync(task.Id, Patience, cancellationToken)
            ? new End(task.Id, Stopwatch.GetElapsedTime(submitted), slow)
            : throw new BenchFailedException($"Task {task.Id} has not ended within {Patience.TotalSeconds:0} s.");
    }

    private sealed record End(Guid Id, TimeSpan Took, bool Slow);
}
