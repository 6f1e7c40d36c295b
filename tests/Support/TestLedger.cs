using System.Text;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Migrations;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Cancel;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Submit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Support;

/// <summary>A database of one's own with the ledger's stages on it, as a process has them, without a broker.</summary>
public sealed class TestLedger : IAsyncDisposable
{
    private readonly TestDatabase? _database;
    private readonly NpgsqlDataSource _patient; // the product's own connections have a limit for each statement

    private TestLedger(string connectionString, TestDatabase? database, ServiceProvider services)
    {
        _database = database;
        ConnectionString = connectionString;
        _patient = NpgsqlDataSource.Create(connectionString);
        Services = services;
    }

    /// <summary>The stages and whatever else was registered.</summary>
    public ServiceProvider Services { get; }

    public string ConnectionString { get; }

    public SubmitStage Submit => Services.GetRequiredService<SubmitStage>();

    public ClaimStage Claim => Services.GetRequiredService<ClaimStage>();

    public FinishStage Finish => Services.GetRequiredService<FinishStage>();

    public CancelStage Cancel => Services.GetRequiredService<CancelStage>();

    public LedgerClock Clock => Services.GetRequiredService<LedgerClock>();

    public WorkerRescuer Rescuer => Services.GetRequiredService<WorkerRescuer>();

    /// <summary>Makes a database and the stages; no background loop runs.</summary>
    /// <param name="more">Registers more, or other parts; comes last.</param>
    public static async Task<TestLedger> CreateAsync(Action<IServiceCollection>? more = null)
    {
        var database = await TestDatabase.CreateAsync(MigrateAsync);
        return await CreateOnAsync(database.ConnectionString, more, database);
    }

    /// <summary>The same on a database that is the caller's and has the schema.</summary>
    public static Task<TestLedger> CreateOnAsync(string connectionString, Action<IServiceCollection>? more = null) => CreateOnAsync(connectionString, more, null);

    private static async Task<TestLedger> CreateOnAsync(string connectionString, Action<IServiceCollection>? more, TestDatabase? database)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Messaging:Postgres"] = connectionString })
            .Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddLedger(configuration);
        services.AddInstanceHeartbeat(new InstanceProfile { Role = "consumer", Slots = 10, Queues = ["default"], Kinds = ["debug.echo"] });
        services.AddMaintenance();
        services.AddSingleton<IRelayInbox, NoRelay>();
        more?.Invoke(services);
        var ledger = new TestLedger(connectionString, database, services.BuildServiceProvider());
        await ledger.Clock.ReadAsync(CancellationToken.None);
        return ledger;
    }

    /// <summary>A task that is valid unless told otherwise.</summary>
    public NewTask NewTask(
        string input = """{"message":"hello"}""", string queue = "default", TimeSpan? delay = null, string kind = "debug.echo", IReadOnlyList<string>? tags = null) =>
        new(
            Clock.NewTaskId(),
            kind,
            queue,
            Encoding.UTF8.GetBytes(input),
            TimeSpan.FromMinutes(1),
            3,
            delay is { } later ? Clock.Now + later : null,
            tags ?? [],
            null);

    /// <summary>Submits that many tasks and answers their ids.</summary>
    public async Task<Guid[]> SubmitManyAsync(int count, string queue = "default", TimeSpan? delay = null)
    {
        var tasks = Enumerable.Range(0, count).Select(_ => NewTask(queue: queue, delay: delay)).ToArray();
        await Task.WhenAll(tasks.Select(t => Submit.SubmitAsync(t, CancellationToken.None).AsTask()));
        return Array.ConvertAll(tasks, t => t.Id);
    }

    /// <summary>Submits and claims that many tasks for a worker that has a row.</summary>
    public async Task<(Guid Id, Claimed Claim)[]> ClaimManyAsync(int count, Guid worker)
    {
        var ids = await SubmitManyAsync(count);
        var claims = await Task.WhenAll(ids.Select((id, i) => Claim.ClaimAsync(new ClaimRequest(id, new Fence(worker, i + 1)), CancellationToken.None).AsTask()));
        return [.. ids.Zip(claims, (id, claim) => (id, claim!))];
    }

    /// <summary>Puts a worker's row into the ledger, as a heartbeat would.</summary>
    public async Task<Guid> AddWorkerAsync()
    {
        var id = Guid.NewGuid();
        await ExecuteAsync(
            $"INSERT INTO messaging.workers (id, role, host, pid, version, slots, queues, kinds) VALUES ('{id}', 'consumer', 'test', 1, '0', 10, '{{default}}', '{{debug.echo}}')");
        return id;
    }

    /// <summary>Counts rows: <c>CountAsync("open_tasks WHERE state = 2")</c>.</summary>
    public async Task<long> CountAsync(string from) => (long)(await ScalarAsync($"SELECT count(*) FROM messaging.{from}"))!;

    /// <summary>Runs a statement and answers its first value.</summary>
    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = Services.GetRequiredService<LedgerConnections>().Web.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Runs a statement, however long it takes: what a fixture makes may be large, and the machine slow.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var command = _patient.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _patient.DisposeAsync();
        await Services.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    /// <summary>Applies the schema; one method, so that every fixture shares one template.</summary>
    public static Task MigrateAsync(string connectionString) => MigrationRunner.MigrateAsync(connectionString, CancellationToken.None);

    private sealed class NoRelay : IRelayInbox
    {
        public IRelayReservation? TryReserve(string queue, int tasks) => null;

        public IRelayReservation? TryReserve(int tasks) => null;
    }
}
