using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// How many tasks that only wait for somebody else one consumer process holds at once, and what that costs it: each gets a page from a
/// real web server that takes its time. After a second, most have their answer before the last have come; after ten, all could wait at once.
/// </summary>
internal sealed class IoBound : IBenchCase
{
    private const string Queue = "io";
    private const string Kind = "test.get-page";
    private const int Tasks = 10_000;
    private const int QuickTasks = 200;
    private const int WarmUp = 200;

    private static readonly Answers[] Runs = [new(1, 1), new(10, 1), new(1, 2), new(10, 2)];
    private static readonly Answers[] QuickRuns = [new(1, 1)];

    // Of a process: the servers' connections, its assemblies.
    private const int OtherFiles = 1_000;

    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public string Name => "io-bound";

    /// <inheritdoc/>
    public string Description => "10,000 tasks that wait for a web server, in one consumer process: how many at once, its memory, threads and CPU";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var tasks = settings.Tasks ?? (settings.Quick ? QuickTasks : Tasks);
        var repeats = settings.Repeats ?? (settings.Quick ? 1 : 3);
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var connections = new ProcessConnections(await servers.CreateDatabaseAsync(Queue, cancellationToken), servers.RabbitMq);
        await using var ledger = new BenchLedger(connections.Postgres, servers.PostgresId);
        Console.WriteLine($"{Name}: {tasks:N0} tasks a run");
        var runs = (settings.Quick ? QuickRuns : Runs).ToDictionary(answers => answers, _ => new List<IReadOnlyDictionary<string, double>>());
        for (var round = 0; round < repeats; round++)
        {
            foreach (var (answers, figures) in runs)
            {
                figures.Add(await RunAsync(servers, connections, ledger, tasks, answers, cancellationToken));
                Console.WriteLine($"  round {round + 1}  {answers.Name}: {string.Join(", ", figures[^1].Select(figure => $"{figure.Key} {figure.Value:0.##}"))}");
            }
        }

        var conditions = new Dictionary<string, string>
        {
            ["tasks"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
            ["slots"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
            ["repeats"] = $"{repeats}, each with a new consumer process that has run {WarmUp} tasks before",
        };
        return new FiguresResult(
            Name, conditions, await servers.FactsAsync(cancellationToken), [.. runs.Select(row => new FigureRow(row.Key.Name, row.Value))]);
    }

    private static async Task<IReadOnlyDictionary<string, double>> RunAsync(
        BenchServers servers, ProcessConnections connections, BenchLedger ledger, int tasks, Answers answers, CancellationToken cancellationToken)
    {
        await using var web = await RoleProcess.StartAsync(
            SlowWebServer.Name,
            new Dictionary<string, string?>
            {
                [SlowWebServer.SecondsVariable] = answers.Seconds.ToString(CultureInfo.InvariantCulture),
                [SlowWebServer.HttpVariable] = answers.Http.ToString(CultureInfo.InvariantCulture),
            },
            cancellationToken);
        await using var consumer = await ConsumerProcess.StartAsync(
            connections,
            new ConsumerProcessOptions { Queues = [Queue], Concurrency = tasks, Project = ConsumerProcessOptions.TestWorker },
            new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" },
            cancellationToken);
        CheckOpenFiles(web.Id, tasks);
        CheckOpenFiles(consumer.Process.Id, tasks);
        var address = (await SlowWebServer.Seen.ByAsync(web, cancellationToken)).Address;
        await using var submitter = await RoleProcess.StartAsync(
            KindSubmitter.Name,
            new Dictionary<string, string?>
            {
                ["Logging__LogLevel__Default"] = "Warning",
                ["Messaging__Postgres"] = connections.Postgres,
                ["Messaging__RabbitMq"] = servers.RabbitMq.ToString(),
                [LibraryStages.QueueVariable] = Queue,
                [KindSubmitter.KindVariable] = Kind,
                [KindSubmitter.InputVariable] = JsonSerializer.Serialize(new { url = address, http = answers.Http }),
            },
            cancellationToken);
        await WorkAsync(submitter, consumer, ledger, WarmUp, cancellationToken);
        await ledger.KeepUpAsync(cancellationToken);

        var meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Consumer] = consumer.Process.Id,
            [Parts.Submitter] = submitter.Id,
            [Parts.Postgres] = servers.PostgresId,
            [Parts.RabbitMq] = servers.RabbitMqId,
            ["web server"] = web.Id,
        });
        var quiet = ProcessStatus.Of(consumer.Process.Id);
        var before = meter.Read();
        var threads = new ThreadCount(consumer.Process.Id);
        TimeSpan elapsed;
        await using (threads)
            elapsed = await WorkAsync(submitter, consumer, ledger, tasks, cancellationToken);
        var (cpu, elsewhere) = CpuMeter.Between(before, meter.Read());
        var seen = await SlowWebServer.Seen.ByAsync(web, cancellationToken);
        if (seen.Requests != WarmUp + tasks)
            throw new BenchFailedException($"{WarmUp + tasks:N0} tasks have run, but the web server was asked {seen.Requests:N0} times.");
        var peak = ProcessStatus.Of(consumer.Process.Id).PeakResident;
        await consumer.StopAsync(cancellationToken); // in its own way: nobody shall miss it during the next run
        return new Dictionary<string, double>
        {
            ["wall s"] = elapsed.TotalSeconds,
            ["at once"] = seen.MostAtOnce,
            ["MiB before"] = quiet.Resident,
            ["peak MiB"] = peak,
            ["threads"] = threads.Most,
            ["consumer CPU µs/task"] = cpu[Parts.Consumer].TotalMicroseconds / tasks,
            ["others' load %"] = 100 * (elsewhere / elapsed) / Environment.ProcessorCount,
        };
    }

    /// <summary>Answers the time from the first submit to the last result, and checks that nothing is missing.</summary>
    private static async Task<TimeSpan> WorkAsync(
        RoleProcess submitter, ConsumerProcess consumer, BenchLedger ledger, int tasks, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        var working = UntilEndedAsync();
        if (await Task.WhenAny(working, consumer.Process.Exit) != working)
            throw new BenchFailedException($"The consumer ended. {consumer.Process.LastLines()}");
        try
        {
            var elapsed = await working;
            await ledger.WaitUntilSettledAsync(limit.Token);
            await ledger.CheckAsync(tasks, cancellationToken);
            return elapsed;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await ledger.CheckAsync(tasks, cancellationToken); // says what is missing
            throw new BenchFailedException($"{tasks:N0} tasks were not done within {RunLimit.TotalMinutes:0} minutes.");
        }

        async Task<TimeSpan> UntilEndedAsync()
        {
            var submitted = await submitter.RunAsync(tasks, RunLimit, limit.Token);
            await ledger.WaitUntilEndedAsync(submitted.LastTask, limit.Token);
            return Stopwatch.GetElapsedTime(submitted.Began);
        }
    }

    /// <summary>.NET raises its limit to the hard one by itself; beyond that only the system's owner can.</summary>
    private static void CheckOpenFiles(int process, int sockets)
    {
        if (ProcessStatus.OpenFilesLimit(process) is var allowed && allowed < sockets + OtherFiles)
        {
            throw new BenchFailedException(
                $"A process may have {allowed:N0} files and sockets open here, {sockets + OtherFiles:N0} are needed: raise the hard limit (ulimit -Hn), or ask for fewer --tasks.");
        }
    }

    /// <summary>What the web server is like.</summary>
    /// <param name="Seconds">How long an answer takes.</param>
    /// <param name="Http">The major version of HTTP: by 1 each request has a connection, by 2 a hundred share one.</param>
    private sealed record Answers(int Seconds, int Http)
    {
        public string Name => Http == 1 ? $"an answer takes {Seconds} s" : $"an answer takes {Seconds} s, HTTP/{Http}";
    }
}
