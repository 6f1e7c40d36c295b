using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Submit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// What a service that submits through the library has in its process: ledger, relay and broker, put together as the Producer does.
/// Settings come from the environment.
/// </summary>
internal sealed class LibraryStages : IAsyncDisposable
{
    /// <summary>Environment variable: the task queue.</summary>
    public const string QueueVariable = "BENCH_QUEUE";

    private readonly string _queue = Environment.GetEnvironmentVariable(QueueVariable) ?? "default";
    private readonly IHost _host;
    private readonly SubmitStage _submit;
    private readonly LedgerClock _clock;

    /// <summary>Puts the stages together; <see cref="StartAsync"/> starts them.</summary>
    /// <param name="relay">False: nothing that is accepted gets published (<see cref="KeptInbox"/>).</param>
    /// <param name="change">What a role has otherwise than the Producer.</param>
    public LibraryStages(bool relay = true, Action<IServiceCollection>? change = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddLedger(builder.Configuration).AddInstanceHeartbeat(new InstanceProfile { Role = "producer" });
        if (relay)
            builder.Services.AddBrokerPublishing(builder.Configuration).AddOutboxRelay(builder.Configuration);
        else
            builder.Services.AddSingleton<IRelayInbox, KeptInbox>();
        change?.Invoke(builder.Services);
        _host = builder.Build();
        _submit = _host.Services.GetRequiredService<SubmitStage>();
        _clock = _host.Services.GetRequiredService<LedgerClock>();
        Watcher = _host.Services.GetRequiredService<TaskWatcher>();
    }

    /// <summary>Waits for the ends of tasks.</summary>
    public TaskWatcher Watcher { get; }

    /// <summary>All parts that were put together.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Starts them.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>One of the stages.</summary>
    public T Get<T>()
        where T : notnull
        => _host.Services.GetRequiredService<T>();

    /// <summary>Makes a task.</summary>
    public NewTask NewTask(string kind, byte[] input) => new(_clock.NewTaskId(), kind, _queue, input, TimeSpan.FromMinutes(1), 3, null, [], null);

    /// <summary>Returns when the task is committed.</summary>
    public Task SubmitAsync(NewTask task, CancellationToken cancellationToken) => _submit.SubmitAsync(task, cancellationToken).AsTask();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
