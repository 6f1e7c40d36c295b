using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>
/// A consumer that is started when everything has been submitted and published: from its first claim to its last result, by the
/// ledger's own times. It is a new process each time, so it pays for its first steps.
/// </summary>
internal sealed class Backlog : IContestant
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private readonly BenchServers _servers;
    private readonly BenchLedger _ledger;
    private readonly RoleProcess _submitter;
    private readonly ProcessConnections _connections;
    private readonly SystemShape _shape;

    private Backlog(string name, BenchServers servers, BenchLedger ledger, RoleProcess submitter, ProcessConnections connections, SystemShape shape)
        => (Name, _servers, _ledger, _submitter, _connections, _shape) = (name, servers, ledger, submitter, connections, shape);

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Makes its ledger and starts the submitter.</summary>
    public static async Task<Backlog> StartAsync(string name, BenchServers servers, SystemShape shape, CancellationToken cancellationToken)
    {
        var postgres = await servers.CreateDatabaseAsync(shape.Queue, cancellationToken);
        var connections = new ProcessConnections(postgres, servers.RabbitMq);
        var submitter = await RoleProcess.StartAsync(
            LibrarySubmitter.Name,
            new Dictionary<string, string?>
            {
                ["Messaging__Postgres"] = postgres,
                ["Messaging__RabbitMq"] = servers.RabbitMq.ToString(),
                [LibraryStages.QueueVariable] = shape.Queue,
            },
            cancellationToken);
        return new Backlog(name, servers, new BenchLedger(postgres, servers.PostgresId), submitter, connections, shape);
    }

    /// <summary>Two runs: only kinds that workers have measured are packed.</summary>
    public async Task WarmUpAsync(int tasks, CancellationToken cancellationToken)
    {
        await RunAsync(tasks, cancellationToken);
        await _ledger.WaitUntilMeasuredAsync(Payload.Kind, cancellationToken);
        await RunAsync(tasks, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var submitted = await _submitter.RunAsync(tasks, RunLimit, cancellationToken);
        await _ledger.WaitUntilSettledAsync(cancellationToken);
        await _ledger.KeepUpAsync(cancellationToken);

        await using var consumer = ConsumerProcess.Launch(
            _connections,
            new ConsumerProcessOptions { Queues = [_shape.Queue], Concurrency = _shape.Slots },
            new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" });
        var meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Consumer] = consumer.Process.Id,
            [Parts.Postgres] = _servers.PostgresId,
            [Parts.RabbitMq] = _servers.RabbitMqId,
        });
        var before = meter.Read();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        await _ledger.WaitUntilEndedAsync(submitted.LastTask, limit.Token);
        var cost = CpuMeter.Between(before, meter.Read());
        await consumer.StopAsync(cancellationToken);
        return Sample.Of(tasks, await _ledger.TakeRunAsync(tasks, cancellationToken), cost);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _submitter.DisposeAsync();
        await _ledger.DisposeAsync();
    }
}
