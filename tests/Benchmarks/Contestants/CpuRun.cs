using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>What a run of tasks that compute consists of.</summary>
/// <param name="Tasks">Whose speed is measured.</param>
/// <param name="WarmUp">Tasks before them.</param>
/// <param name="Cancels">Tasks that are called off one after the other while half as many tasks as above run.</param>
/// <param name="Rounds">How long each computes.</param>
internal sealed record CpuWork(int Tasks, int WarmUp, int Cancels, int Rounds);

/// <summary>A set of new consumer processes that run tasks which compute; gone with it.</summary>
internal sealed partial class CpuRun : IAsyncDisposable
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(40);

    private readonly BenchServers _servers;
    private readonly ProcessConnections _connections;
    private readonly CpuSubmitters _submitters;
    private readonly ConsumerProcess[] _consumers;
    private readonly int _slots;
    private readonly BenchLedger _ledger;
    private readonly RunningWork _work;

    private CpuRun(BenchServers servers, ProcessConnections connections, CpuSubmitters submitters, ConsumerProcess[] consumers, int slots)
    {
        (_servers, _connections, _submitters, _consumers, _slots) = (servers, connections, submitters, consumers, slots);
        _ledger = new BenchLedger(connections.Postgres, servers.PostgresId);
        _work = new RunningWork(connections.Postgres);
    }

    /// <summary>Starts the consumer processes.</summary>
    /// <param name="servers">Where tasks are kept and sent.</param>
    /// <param name="connections">The same for processes.</param>
    /// <param name="submitters">Who submits.</param>
    /// <param name="processes">How many.</param>
    /// <param name="slots">How many tasks each runs at once.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<CpuRun> StartAsync(
        BenchServers servers, ProcessConnections connections, CpuSubmitters submitters, int processes, int slots, CancellationToken cancellationToken)
    {
        var consumers = new List<ConsumerProcess>();
        try
        {
            for (var i = 1; i <= processes; i++)
            {
                consumers.Add(await ConsumerProcess.StartAsync(
                    connections,
                    new ConsumerProcessOptions
                    {
                        Name = $"consumer {i}",
                        Queues = [submitters.Queue, submitters.LongQueue],
                        Concurrency = slots,
                        Project = ConsumerProcessOptions.TestWorker,
                    },
                    new Dictionary<string, string?>
                    {
                        ["Logging__LogLevel__Default"] = "Warning",
                        ["Logging__LogLevel__Messaging.Consumers.Runtime.TaskReceiver"] = "Debug", // says how many were handed back
                    },
                    cancellationToken));
            }

            return new CpuRun(servers, connections, submitters, [.. consumers], slots);
        }
        catch
        {
            foreach (var consumer in consumers)
                await consumer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Measures the speed, then the cancels: some among other tasks, then as many as there are slots at once.</summary>
    /// <exception cref="BenchFailedException">A task ended as it should not have, or a process was declared dead.</exception>
    public async Task<IReadOnlyDictionary<string, double>> RunAsync(CpuWork work, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        await RunShortAsync(work.WarmUp, limit.Token);
        var watch = new WorkerWatch(_connections.Postgres);
        var threads = _consumers.Select(consumer => new ThreadCount(consumer.Process.Id)).ToArray();
        var meter = new CpuMeter(new Dictionary<string, int>(_consumers.Select(consumer => KeyValuePair.Create(consumer.Process.Name, consumer.Process.Id)))
        {
            [Parts.Submitter] = _submitters.Short.Id,
            ["submitter of the long ones"] = _submitters.Long.Id,
            [Parts.Postgres] = _servers.PostgresId,
            [Parts.RabbitMq] = _servers.RabbitMqId,
        });

        var before = meter.Read();
        var elapsed = await RunShortAsync(work.Tasks, limit.Token);
        var (cpu, elsewhere) = CpuMeter.Between(before, meter.Read());
        var handedBack = HandedBack();

        var among = await CancelAmongOthersAsync(work, limit.Token);
        var all = await CancelAllAsync(limit.Token);
        await watch.DisposeAsync();
        foreach (var count in threads)
            await count.DisposeAsync();
        if (watch.Workers != _consumers.Length)
            throw new BenchFailedException($"{_consumers.Length} consumer processes ran under {watch.Workers} identities: some were declared dead.");
        await _ledger.WaitUntilSettledAsync(limit.Token);
        await _work.TakeRunAsync(work.WarmUp + work.Tasks + (work.Tasks / 2), among.Count + all.Count, cancellationToken);
        return new Dictionary<string, double>
        {
            ["tasks/s"] = work.Tasks / elapsed.TotalSeconds,
            ["consumers' CPU ms/task"] = _consumers.Sum(consumer => cpu[consumer.Process.Name].TotalMilliseconds) / work.Tasks,
            ["handed back"] = handedBack,
            ["heartbeat age s"] = watch.OldestBeat.TotalSeconds,
            ["threads"] = threads.Max(count => count.Most),
            ["cancel ms"] = Spread.Of(among).Median,
            ["worst"] = among.Max(),
            ["cancel all ms"] = Spread.Of(all).Median,
            ["worst of all"] = all.Max(),
            ["others' load %"] = 100 * (elsewhere / elapsed) / Environment.ProcessorCount,
        };
    }

    /// <summary>Stops the processes in their own way, so that none is missed and declared dead during the next run.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_consumers.Select(consumer => consumer.StopAsync()));
        foreach (var consumer in _consumers)
            await consumer.DisposeAsync();
        await _work.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    private async Task<TimeSpan> RunShortAsync(int tasks, CancellationToken cancellationToken)
    {
        var submitted = await _submitters.Short.RunAsync(tasks, RunLimit, cancellationToken);
        await _ledger.WaitUntilEndedAsync(submitted.LastTask, cancellationToken);
        return Stopwatch.GetElapsedTime(submitted.Began);
    }

    private async Task<IReadOnlyList<double>> CancelAmongOthersAsync(CpuWork work, CancellationToken cancellationToken)
    {
        var others = RunShortAsync(work.Tasks / 2, cancellationToken);
        var took = new List<double>();
        while (took.Count < work.Cancels && !(others.IsCompleted && took.Count > 0))
            took.AddRange(await CancelLongAsync(1, cancellationToken));
        await others;
        return took;
    }

    private Task<IReadOnlyList<double>> CancelAllAsync(CancellationToken cancellationToken) => CancelLongAsync(_consumers.Length * _slots, cancellationToken);

    /// <summary>Submits tasks that do not end, awaits that all run, calls them off together, and answers how many ms each took.</summary>
    private async Task<IReadOnlyList<double>> CancelLongAsync(int tasks, CancellationToken cancellationToken)
    {
        await _submitters.Long.RunAsync(tasks, RunLimit, cancellationToken);
        var running = await _work.WaitUntilAllRunAsync(_submitters.LongQueue, tasks, CancelLimit, cancellationToken);
        var took = await Task.WhenAll(running.Select(task => _work.CancelAsync(task, CancelLimit, cancellationToken)));
        return [.. took.Select(time => time.TotalMilliseconds)];
    }

    /// <summary>Tasks that found no slot in time and went round by the outbox.</summary>
    private double HandedBack() => _consumers
        .SelectMany(consumer => consumer.Process.Lines)
        .Select(line => NoRoom().Match(line))
        .Where(match => match.Success)
        .Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(\d+) tasks of \S+ could not start in time")]
    private static partial Regex NoRoom();
}
