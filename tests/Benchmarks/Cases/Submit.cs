using System.Globalization;
using Messaging.Infrastructure.Broker;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// Tasks of a kind that workers know as short, accepted a second, nobody running them: through the library and over HTTP, one by one and in bulk, beside plain rows of the same
/// size in Postgres. What is accepted is committed; the relay publishes it meanwhile, as it would in a service.
/// </summary>
internal sealed class Submit : IBenchCase
{
    private static readonly Way[] Library =
    [
        new("library, 1 caller", 1, 1, 0.02),
        new("library, 64 callers", 64, 1, 1, InQuick: true),
        new("library, 1,000 callers", 1_000, 1, 1),
        new("library, batches of 500", 4, 500, 1, InQuick: true),
        new("library, 64 callers, a kind that never ran", 64, 1, 1, New: true, InQuick: true),
    ];

    private static readonly Way[] Http =
    [
        new("HTTP, 64 connections", 64, 1, 0.3, InQuick: true),
        new("HTTP, 256 connections", 256, 1, 0.3),
        new("HTTP, NDJSON of 500", 4, 500, 1, InQuick: true),
        new("HTTP, 64 connections, a kind that never ran", 64, 1, 0.3, New: true),
    ];

    private static readonly Way[] Postgres =
    [
        new("Postgres, a row a commit, 64 connections", 64, 1, 0.5, InQuick: true),
        new("Postgres, 500 rows a commit", 4, 500, 1),
        new("Postgres, COPY of 500 rows", 4, 500, 1, Copy: true, InQuick: true),
    ];

    /// <inheritdoc/>
    public string Name => "submit";

    /// <inheritdoc/>
    public string Description => "tasks accepted (committed) through the library and over HTTP, one by one and in bulk, beside plain rows";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var tasks = settings.TasksOrDefault;
        await using var lineup = await Lineup.StartAsync(Name, settings, cancellationToken);
        foreach (var (ways, start) in (IEnumerable<(Way[], Func<BenchServers, Way, string, CancellationToken, Task<IContestant>>)>)
            [(Postgres, StartPostgresAsync), (Library, StartLibraryAsync), (Http, StartHttpAsync)])
        {
            foreach (var way in ways.Where(way => way.InQuick || !settings.Quick))
                await lineup.AddAsync(way.Name, _ => start(lineup.Servers, settings.Quick ? Quickly(way) : way, $"submit{lineup.Count + 1}", cancellationToken));
        }

        return await lineup.RunAsync(
            tasks,
            new Dictionary<string, string> { ["tasks"] = $"{tasks.ToString("N0", CultureInfo.InvariantCulture)} (one by one: fewer)" },
            cancellationToken);
    }

    // Having a kind measured takes ten seconds; two of them show that it works.
    private static Way Quickly(Way way) => way with { New = way.New || way.Callers != 64 };

    private static async Task<IContestant> StartPostgresAsync(BenchServers servers, Way way, string database, CancellationToken cancellationToken)
    {
        var postgres = await servers.CreateDatabaseAsync(database, cancellationToken);
        var settings = Callers.AsEnvironment(way.Callers, way.Batch);
        settings["Messaging__Postgres"] = postgres;
        settings[PostgresRows.WayVariable] = way.Copy ? "copy" : "insert";
        var role = await RoleProcess.StartAsync(PostgresRows.Name, settings, cancellationToken);
        var meter = new CpuMeter(new Dictionary<string, int> { [Parts.Submitter] = role.Id, [Parts.Postgres] = servers.PostgresId });
        return new Submitting(way.Name, role, meter, way.Share, _ => Task.CompletedTask, CheckAsync);

        async Task CheckAsync(int rows, CancellationToken token)
        {
            await using var source = NpgsqlDataSource.Create(postgres);
            await using var count = source.CreateCommand("SELECT count(*) FROM rows");
            if ((long)(await count.ExecuteScalarAsync(token))! is var found && found != rows)
                throw new BenchFailedException($"{way.Name}: {rows:N0} rows were inserted and {found:N0} are there.");
            await using var empty = source.CreateCommand("TRUNCATE rows");
            await empty.ExecuteNonQueryAsync(token);
        }
    }

    private static async Task<IContestant> StartLibraryAsync(BenchServers servers, Way way, string queue, CancellationToken cancellationToken)
    {
        var postgres = await servers.CreateDatabaseAsync(queue, cancellationToken);
        var settings = Callers.AsEnvironment(way.Callers, way.Batch);
        settings["Messaging__Postgres"] = postgres;
        settings["Messaging__RabbitMq"] = servers.RabbitMq.ToString();
        settings[LibraryStages.QueueVariable] = queue;
        var role = await RoleProcess.StartAsync(LibrarySubmitter.Name, settings, cancellationToken);
        var meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Submitter] = role.Id,
            [Parts.Postgres] = servers.PostgresId,
            [Parts.RabbitMq] = servers.RabbitMqId,
        });
        var ledger = new BenchLedger(postgres, servers.PostgresId);
        if (!way.New)
            await MeasureKindAsync(new ProcessConnections(postgres, servers.RabbitMq), queue, ledger, role, cancellationToken);
        return new Submitting(way.Name, role, meter, way.Share, ledger.WaitUntilSettledAsync, Emptying(servers, ledger, queue), ledger);
    }

    private static async Task<IContestant> StartHttpAsync(BenchServers servers, Way way, string queue, CancellationToken cancellationToken)
    {
        var postgres = await servers.CreateDatabaseAsync(queue, cancellationToken);
        var connections = new ProcessConnections(postgres, servers.RabbitMq);
        var quiet = new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" };
        // Only for its kinds, which the producer checks by: it listens elsewhere and runs nothing.
        await using (await ConsumerProcess.StartAsync(connections, new ConsumerProcessOptions { Queues = ["kinds"] }, quiet, cancellationToken))
        {
        }

        var producer = await ProducerProcess.StartAsync(connections, quiet, cancellationToken);
        var settings = Callers.AsEnvironment(way.Callers, way.Batch);
        settings[HttpSubmitter.AddressVariable] = producer.Address.ToString();
        settings[LibraryStages.QueueVariable] = queue;
        var role = await RoleProcess.StartAsync(HttpSubmitter.Name, settings, cancellationToken);
        var meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Producer] = producer.Process.Id,
            [Parts.Postgres] = servers.PostgresId,
            [Parts.RabbitMq] = servers.RabbitMqId,
        });
        var ledger = new BenchLedger(postgres, servers.PostgresId);
        if (!way.New)
            await MeasureKindAsync(connections, queue, ledger, role, cancellationToken);
        return new Submitting(way.Name, role, meter, way.Share, ledger.WaitUntilSettledAsync, Emptying(servers, ledger, queue), producer, ledger);
    }

    private static Task MeasureKindAsync(ProcessConnections connections, string queue, BenchLedger ledger, RoleProcess role, CancellationToken cancellationToken)
        => ShortKind.MeasureAsync(connections, queue, ledger, (tasks, token) => role.RunAsync(tasks, TimeSpan.FromMinutes(1), token), ShortKind.Tasks, cancellationToken);

    private static Func<int, CancellationToken, Task> Emptying(BenchServers servers, BenchLedger ledger, string queue) => async (tasks, token) =>
    {
        await ledger.EmptyAsync(tasks, token);
        await servers.PurgeAsync(QueueNames.OfTasks(queue), token);
    };

    /// <param name="Name">What the tables call it.</param>
    /// <param name="Callers">Who hand over at once.</param>
    /// <param name="Batch">How many tasks each hands over at a time.</param>
    /// <param name="Share">Of a run's tasks.</param>
    /// <param name="Copy">Whether rows come by COPY.</param>
    /// <param name="New">Whether no worker has measured the kind, so that each task is published alone.</param>
    /// <param name="InQuick">Whether a quick run has it: one of each sort; the others differ from it in numbers alone.</param>
    private sealed record Way(string Name, int Callers, int Batch, double Share, bool Copy = false, bool New = false, bool InQuick = false);
}
