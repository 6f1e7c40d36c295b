using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// What ten million stored tasks change: the end-to-end run on an empty ledger and on a full one, the lists of the full one, and the run
/// while retention drops a day.
/// </summary>
internal sealed class Growth : IBenchCase
{
    private const int Slots = 300;

    private static readonly StoredShape Full = new(10_000_000, Days: 28);
    private static readonly StoredShape QuickFull = new(BenchSettings.QuickTasks, Days: 4);

    /// <inheritdoc/>
    public string Name => "growth";

    /// <inheritdoc/>
    public string Description => "the end-to-end run on an empty ledger and beside 10 million stored tasks; lists; a day dropped meanwhile";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var (tasks, repeats) = (settings.TasksOrDefault, settings.RepeatsOrDefault);
        var shape = settings.Quick ? QuickFull : Full;
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var fullLedger = await servers.CreateDatabaseAsync("full_ledger", cancellationToken);
        Console.WriteLine($"{Name}: {shape.Tasks:N0} stored tasks, {tasks:N0} tasks a run");
        var oldest = await StoredTasks.FillAsync(fullLedger, shape, Environment.ProcessorCount, cancellationToken);
        var bytes = await SizeAsync(fullLedger, cancellationToken);
        Console.WriteLine($"  filled: {bytes / 1e9:N1} GB");

        var emptyLedger = await servers.CreateDatabaseAsync("empty_ledger", cancellationToken);
        await using var empty = await LedgerSystem.StartAsync(servers, emptyLedger, "empty", Slots, cancellationToken);
        await using var full = await LedgerSystem.StartAsync(servers, fullLedger, "full", Slots, cancellationToken);
        var fullRun = new LedgerRun("full ledger", full);
        var load = await Rounds.RunAsync(
            [new LedgerRun("empty ledger", empty) { After = empty.Ledger.EmptyAsync }, fullRun], tasks, repeats, cancellationToken);

        var lists = await AskAsync(servers, fullLedger, oldest, settings.Quick ? 3 : 40, cancellationToken);

        await using var days = new OldDays(fullLedger, oldest);
        var kept = new LedgerRun("full ledger", full);
        var dropping = new LedgerRun("full ledger, a day dropped meanwhile", full) { Meanwhile = days.DropNextAsync };
        var retention = await Rounds.RunAsync([kept, dropping], tasks, Math.Min(repeats, shape.Days - 1), cancellationToken);
        if (days.Drops.Any(drop => !drop.Dropped))
            throw new BenchFailedException("A day could not be dropped although nobody held its tables.");

        var conditions = new Dictionary<string, string>
        {
            ["tasks"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
            ["stored"] = string.Create(
                CultureInfo.InvariantCulture, $"{shape.Tasks:N0} in {shape.Days} days and today ({shape.Today:N0}), {bytes / 1e9:N1} GB"),
            ["payload"] = $"{Payload.Bytes} B",
            ["repeats"] = $"{repeats}, interleaved",
            ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture),
        };
        return new GrowthResult(
            Name,
            conditions,
            await servers.FactsAsync(cancellationToken),
            load,
            lists,
            retention,
            new Dictionary<string, Spread> { [kept.Name] = kept.LongestWaits, [dropping.Name] = dropping.LongestWaits },
            Spread.Of(days.Drops.Select(drop => drop.Took.TotalMilliseconds)));
    }

    private static async Task<IReadOnlyList<RouteLatency>> AskAsync(
        BenchServers servers, string postgres, DateTimeOffset oldest, int requests, CancellationToken cancellationToken)
    {
        await using var producer = await ProducerProcess.StartAsync(
            new ProcessConnections(postgres, servers.RabbitMq),
            new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" },
            cancellationToken);
        var probe = new RouteProbe(producer.Http);
        var routes = ListRoutes.All(oldest, TimeProvider.System.GetUtcNow(), await SomeIdsAsync(postgres, oldest, cancellationToken));
        var asked = await probe.AskAsync(routes, requests, cancellationToken);
        return [.. asked, await probe.WalkAsync("v1/tasks?kind=report.yearly, all pages", "v1/tasks?kind=report.yearly", cancellationToken)];
    }

    /// <summary>Tasks from all over the ledger: the first ones after moments at equal distances.</summary>
    private static async Task<IReadOnlyList<Guid>> SomeIdsAsync(string postgres, DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        await using var ledger = NpgsqlDataSource.Create(postgres);
        await using var command = ledger.CreateCommand(
            """
            SELECT (SELECT id FROM messaging.tasks WHERE id >= messaging.uuid_floor($1 + (now() - $1) * i / 200) ORDER BY id LIMIT 1)
            FROM generate_series(0, 190) AS i
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = oldest.UtcDateTime });
        var ids = new List<Guid>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            ids.Add(row.GetGuid(0));
        return ids;
    }

    private static async Task<long> SizeAsync(string postgres, CancellationToken cancellationToken)
    {
        await using var ledger = NpgsqlDataSource.Create(postgres);
        await using var command = ledger.CreateCommand("SELECT pg_database_size(current_database())");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
