using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Messaging.Contracts.Http;
using Messaging.Tests.Chaos.Faults;
using Messaging.Tests.Support;

namespace Messaging.Tests.Chaos;

/// <summary>One run: start, load and faults side by side, peace, drain, check.</summary>
/// <param name="options">How long and how hard.</param>
/// <param name="say">Takes a line about what happens.</param>
public sealed class ChaosRun(ChaosOptions options, Action<string> say)
{
    /// <summary>How long everything may take to end by itself after the last fault: a purged queue is found by a marker, every minute.</summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan OwnCheckLimit = TimeSpan.FromMinutes(2);

    private readonly ChaosJournal _journal = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Runs it.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; everything that it started has ended.</exception>
    public async Task<ChaosReport> RunAsync(CancellationToken cancellationToken)
    {
        Say($"seed {options.Seed}: starting {options.Producers} producers and {options.Consumers} consumers");
        await using var system = await ChaosSystem.StartAsync(options, cancellationToken);
        await using var load = await ChaosLoad.StartAsync(system, options);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Say($"load and faults for {options.Duration.TotalMinutes:0.#} min");
        enough.CancelAfter(options.Duration);
        var loading = load.RunAsync(enough.Token);
        await DisturbAsync(system, enough.Token, cancellationToken);
        await loading;
        cancellationToken.ThrowIfCancellationRequested();
        var loadEnd = TimeProvider.System.GetUtcNow();

        Say($"peace: {load.Accepted.Count} tasks accepted");
        await system.ReadyAsync(cancellationToken);
        var since = Stopwatch.StartNew();
        var drained = await LedgerCheck.DrainAsync(system, DrainLimit, cancellationToken);
        var drainTime = since.Elapsed;
        Say($"{(drained ? "drained" : "not drained")}: awaiting the ledger's own check");
        return new ChaosReport(
            options,
            drained,
            drainTime,
            await LedgerCheck.ReadAsync(system, load.Accepted, cancellationToken),
            await OwnCheckAsync(system, loadEnd, cancellationToken),
            _journal.Faults,
            _journal.Purged,
            load.Visits,
            await RescuesAsync(system, cancellationToken),
            load.Unanswered,
            load.Refused,
            [.. system.Replicas.Select(r => r.LastExit).OfType<string>()]);
    }

    /// <summary>Fault after fault with pauses between them; now and then two at once.</summary>
    private async Task DisturbAsync(ChaosSystem system, CancellationToken enough, CancellationToken stop)
    {
        var random = new Random(options.Seed);
        var plan = new FaultPlan(random);
        Task other = Task.CompletedTask;
        while (!enough.IsCancellationRequested)
        {
            var fault = plan.Next();
            if (random.Next(5) == 0 && other.IsCompleted)
            {
                await other;
                other = InjectAsync(fault, system, new Random(random.Next()), stop);
                continue;
            }

            await InjectAsync(fault, system, new Random(random.Next()), stop);
            await PauseAsync(TimeSpan.FromSeconds(1 + (random.NextDouble() * 5)), enough);
        }

        await other;
    }

    private async Task InjectAsync(IFault fault, ChaosSystem system, Random random, CancellationToken stop)
    {
        Say($"{fault.Name}");
        _journal.NoteFault(fault.Name);
        var from = TimeProvider.System.GetUtcNow();
        await fault.RunAsync(system, random, _journal, stop);
        if (fault.TakesLedgerAway)
            _journal.NoteLedgerAway(from, TimeProvider.System.GetUtcNow());
    }

    /// <summary>Awaits that the system has checked everything that was accepted. It looks at tasks when they are a minute old.</summary>
    private static async Task<LedgerResponse?> OwnCheckAsync(ChaosSystem system, DateTimeOffset loadEnd, CancellationToken cancellationToken)
    {
        try
        {
            return await Eventually.GetAsync(
                token => system.Producers[0].Process.Http.GetFromJsonAsync<LedgerResponse>(new Uri("v1/ledger", UriKind.Relative), HttpJson.Options, token),
                seen => seen!.CheckedUpTo > loadEnd,
                OwnCheckLimit,
                cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<TimeSpan>> RescuesAsync(ChaosSystem system, CancellationToken cancellationToken)
    {
        var rescued = (await system.QueryAsync(
            "SELECT worker, min(finished_at) FROM messaging.attempts WHERE outcome = 'worker-lost' GROUP BY worker",
            row => (Worker: row.GetGuid(0), At: new DateTimeOffset(row.GetDateTime(1), TimeSpan.Zero)),
            cancellationToken)).ToDictionary(r => r.Worker, r => r.At);
        return [.. _journal.Deaths
            .Where(death => rescued.TryGetValue(death.Worker, out var at) && _journal.LedgerWasThere(death.At, at))
            .Select(death => rescued[death.Worker] - death.At)];
    }

    private static async Task PauseAsync(TimeSpan pause, CancellationToken enough)
    {
        try
        {
            await Task.Delay(pause, TimeProvider.System, enough);
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private void Say(FormattableString text) =>
        say(string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds,7:0.0} s  {text.ToString(CultureInfo.InvariantCulture)}"));
}
