using System.Text.Json;
using Messaging.Consumers.Runtime;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Messages;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>A whole worker on a real ledger, without a broker: a test hands it deliveries itself.</summary>
internal sealed class WorkerHarness : IAsyncDisposable
{
    public const string Queue = "default";

    private readonly IHost _host;
    private readonly NpgsqlDataSource _ledger;
    private bool _stopped;

    private readonly TestDatabase? _database;

    private WorkerHarness(IHost host, string connectionString, TestDatabase? database)
    {
        _host = host;
        _ledger = NpgsqlDataSource.Create(connectionString);
        _database = database;
    }

    public IServiceProvider Services => _host.Services;

    public ITaskReceiver Receiver => Services.GetRequiredService<ITaskReceiver>();

    public RunningTasks Running => Services.GetRequiredService<RunningTasks>();

    public SlotPool Slots => Services.GetRequiredService<SlotPool>();

    public Probe Probe => Services.GetRequiredService<Probe>();

    /// <summary>Starts a worker that knows the handlers of <see cref="TestHandlers"/>, on a database of its own.</summary>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <param name="settings">Worker settings by their short names, others by their full ones.</param>
    public static Task<WorkerHarness> StartAsync(CancellationToken cancellationToken, params (string Setting, string Value)[] settings) =>
        StartWithAsync(_ => { }, cancellationToken, settings);

    /// <summary>Starts a worker some of whose parts are the test's.</summary>
    public static async Task<WorkerHarness> StartWithAsync(
        Action<IServiceCollection> change, CancellationToken cancellationToken, params (string Setting, string Value)[] settings)
    {
        var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync, cancellationToken);
        return await StartAsync(database.ConnectionString, database, change, settings, cancellationToken);
    }

    /// <summary>Starts a worker on a server of the test's own.</summary>
    public static Task<WorkerHarness> StartOnAsync(
        string connectionString, CancellationToken cancellationToken, params (string Setting, string Value)[] settings) =>
        StartAsync(connectionString, null, _ => { }, settings, cancellationToken);

    /// <summary>Stores a task and answers the copy that a broker would deliver.</summary>
    public async Task<RunTask> SubmitAsync<TResult>(ITaskInput<TResult> input, CancellationToken cancellationToken, TimeSpan? timeout = null, int? maxAttempts = null)
    {
        var kind = KindDescription.Of(input.GetType());
        return await SubmitAsync(
            kind.Name,
            JsonSerializer.SerializeToUtf8Bytes(input, input.GetType(), MessagingJson.Payload),
            cancellationToken,
            timeout ?? kind.Timeout,
            maxAttempts ?? kind.Retry.MaxAttempts);
    }

    public async Task<RunTask> SubmitAsync(
        string kind, byte[] input, CancellationToken cancellationToken, TimeSpan? timeout = null, int? maxAttempts = null)
    {
        var task = new NewTask(
            Services.GetRequiredService<LedgerClock>().NewTaskId(), kind, Queue, input, timeout ?? TimeSpan.FromMinutes(1), maxAttempts ?? 3, null, [], null);
        await Services.GetRequiredService<SubmitStage>().SubmitAsync(task, cancellationToken);
        return new RunTask(task.Id, 0, kind, input, task.Timeout, task.MaxAttempts, null);
    }

    /// <summary>Delivers tasks as one message; the answer is the acknowledgement.</summary>
    public Task DeliverAsync(CancellationToken cancellationToken, params RunTask[] tasks) =>
        Receiver.ReceiveAsync(Queue, new RunTasks(tasks), cancellationToken);

    public async Task<OpenRow?> OpenAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = _ledger.CreateCommand(
            "SELECT state, attempt, worker, extract(epoch FROM due_at - now())::double precision FROM messaging.open_tasks WHERE id = $1");
        command.Parameters.AddWithValue(id);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new OpenRow((TaskState)reader.GetInt16(0), reader.GetInt32(1), reader.IsDBNull(2) ? null : reader.GetGuid(2), reader.IsDBNull(3) ? null : reader.GetDouble(3))
            : null;
    }

    public async Task<OutcomeRow?> OutcomeAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = _ledger.CreateCommand("SELECT state, attempt, result, failure FROM messaging.outcomes WHERE task_id = $1");
        command.Parameters.AddWithValue(id);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var failure = reader.IsDBNull(3) ? null : JsonSerializer.Deserialize<TaskFailure>(reader.GetString(3), MessagingJson.Tolerant);
        return new OutcomeRow((TaskState)reader.GetInt16(0), reader.GetInt32(1), reader.IsDBNull(2) ? null : reader.GetString(2), failure);
    }

    /// <summary>The attempts that did not simply succeed, as "number outcome".</summary>
    public async Task<IReadOnlyList<string>> AttemptsAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = _ledger.CreateCommand(
            "SELECT attempt || ' ' || outcome FROM messaging.attempts WHERE task_id = $1 ORDER BY finished_at, attempt");
        command.Parameters.AddWithValue(id);
        var attempts = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            attempts.Add(reader.GetString(0));
        return attempts;
    }

    /// <summary>How many outbox rows name a task, its submit's own included.</summary>
    public Task<long> OutboxRowsAsync(Guid id, CancellationToken cancellationToken) =>
        ScalarAsync<long>("SELECT count(*) FROM messaging.outbox WHERE task_ids @> ARRAY[$1]", cancellationToken, id);

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = _ledger.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.AddWithValue(parameter);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = _ledger.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.AddWithValue(parameter);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Moves a scheduled task on, as the promoter does, and answers the next delivery's copy.</summary>
    public async Task<RunTask> PromoteAsync(RunTask task, CancellationToken cancellationToken)
    {
        await ExecuteAsync("UPDATE messaging.open_tasks SET state = 2, due_at = NULL WHERE id = $1 AND state = 0", cancellationToken, task.Id);
        return task;
    }

    /// <summary>Stops the worker as SIGTERM does.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopped = true;
        await _host.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
            await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        await _ledger.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    private static async Task<WorkerHarness> StartAsync(
        string connectionString,
        TestDatabase? database,
        Action<IServiceCollection> change,
        (string Setting, string Value)[] settings,
        CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
        [
            new("Messaging:Postgres", connectionString),
            .. settings.Select(s => new KeyValuePair<string, string?>(s.Setting.Contains(':') ? s.Setting : $"{WorkerOptions.Section}:{s.Setting}", s.Value)),
        ]);
        builder.Logging.AddProvider(new TestOutputLoggerProvider());
        builder.Services.AddSingleton<IRelayInbox, NoRelay>();
        builder.Services.AddSingleton<Probe>();
        builder.Services.AddLedger(builder.Configuration);
        builder.Services.AddMessagingWorker(builder.Configuration, HandlerRegistry.Of(TestHandlers.All));
        change(builder.Services);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new WorkerHarness(host, connectionString, database);
    }

    /// <summary>Every outbox row stays where it is: the tests are the broker.</summary>
    private sealed class NoRelay : IRelayInbox
    {
        public IRelayReservation? TryReserve(string queue, int tasks) => null;

        public IRelayReservation? TryReserve(int tasks) => null;
    }
}

internal sealed record OpenRow(TaskState State, int Attempt, Guid? Worker, double? DueInSeconds);

internal sealed record OutcomeRow(TaskState State, int Attempt, string? Result, TaskFailure? Failure);
