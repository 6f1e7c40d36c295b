using System.Diagnostics;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Submit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A service that submits through the library: ledger, relay and broker in its own process, settings from the environment.</summary>
internal sealed class LibrarySubmitter : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "library-submitter";

    /// <summary>Environment variable: the task queue.</summary>
    public const string QueueVariable = "BENCH_QUEUE";

    // A few callers, each with a batch of tasks under way: what a service that has much to submit does.
    private const int Callers = 4;
    private const int Batch = 500;

    private readonly string _queue = Environment.GetEnvironmentVariable(QueueVariable) ?? "default";
    private readonly IHost _host;
    private readonly SubmitStage _submit;
    private readonly LedgerClock _clock;

    /// <summary>Puts the stages together, as the Producer does.</summary>
    public LibrarySubmitter()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services
            .AddLedger(builder.Configuration)
            .AddInstanceHeartbeat(new InstanceProfile { Role = "producer" })
            .AddBrokerPublishing(builder.Configuration)
            .AddOutboxRelay(builder.Configuration);
        _host = builder.Build();
        _submit = _host.Services.GetRequiredService<SubmitStage>();
        _clock = _host.Services.GetRequiredService<LedgerClock>();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var left = tasks;
        var last = Guid.Empty;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(SubmitAllAsync, cancellationToken)));
        return new RoleReport(began, Stopwatch.GetTimestamp(), last);

        async Task SubmitAllAsync()
        {
            while (Interlocked.Add(ref left, -Batch) + Batch is > 0 and var remaining)
            {
                var commits = new Task[Math.Min(Batch, remaining)];
                for (var i = 0; i < commits.Length; i++)
                {
                    var task = NewTask();
                    if (remaining <= Batch)
                        last = task.Id;
                    commits[i] = _submit.SubmitAsync(task, cancellationToken).AsTask();
                }

                await Task.WhenAll(commits);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private NewTask NewTask() =>
        new(_clock.NewId(), Payload.Kind, _queue, Payload.Input(Payload.Text), TimeSpan.FromMinutes(1), 3, null, [], null);
}
