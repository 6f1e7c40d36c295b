using System.Diagnostics;
using System.Globalization;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>
/// The system, submitted to from a service that uses the library: tasks are committed, published, claimed, run, and their results
/// committed. The consumer is the product's own process. Ledger and queue are its own: whatever waits in another contestant's outbox
/// is not its work.
/// </summary>
internal sealed class FromLibrary : IContestant
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private readonly BenchLedger _ledger;
    private readonly ConsumerProcess _consumer;
    private readonly RoleProcess _submitter;
    private readonly CpuMeter _meter;

    private FromLibrary(string name, BenchServers servers, BenchLedger ledger, ConsumerProcess consumer, RoleProcess submitter)
    {
        (Name, _ledger, _consumer, _submitter) = (name, ledger, consumer, submitter);
        _meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Submitter] = submitter.Id,
            [Parts.Consumer] = consumer.Process.Id,
            [Parts.Postgres] = servers.PostgresId,
            [Parts.RabbitMq] = servers.RabbitMqId,
        });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Makes its ledger and starts its two processes.</summary>
    /// <param name="name">What the tables call it.</param>
    /// <param name="servers">Where tasks are kept and sent.</param>
    /// <param name="queue">The name of its task queue and of its database.</param>
    /// <param name="slots">How many tasks the consumer runs at once.</param>
    /// <param name="packSize">The most tasks in one message; null: the product's own default.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<FromLibrary> StartAsync(
        string name, BenchServers servers, string queue, int slots, int? packSize, CancellationToken cancellationToken)
    {
        var postgres = await servers.CreateDatabaseAsync(queue, cancellationToken);
        // Both publish: the submitter what it has committed, the consumer what the submitter's relay had no room for.
        var settings = new Dictionary<string, string?>
        {
            ["Logging__LogLevel__Default"] = "Warning",
            ["Messaging__Relay__PackSize"] = packSize?.ToString(CultureInfo.InvariantCulture),
        };
        var consumer = await ConsumerProcess.StartAsync(
            new ProcessConnections(postgres, servers.RabbitMq),
            new ConsumerProcessOptions { Queues = [queue], Concurrency = slots },
            settings,
            cancellationToken);
        try
        {
            settings["Messaging__Postgres"] = postgres;
            settings["Messaging__RabbitMq"] = servers.RabbitMq.ToString();
            settings[LibrarySubmitter.QueueVariable] = queue;
            var submitter = await RoleProcess.StartAsync(LibrarySubmitter.Name, settings, cancellationToken);
            return new FromLibrary(name, servers, new BenchLedger(postgres, servers.PostgresId), consumer, submitter);
        }
        catch
        {
            await consumer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Two runs: only kinds that workers have measured are packed, so the first is never a typical one.</summary>
    public async Task WarmUpAsync(int tasks, CancellationToken cancellationToken)
    {
        await RunAsync(tasks, cancellationToken);
        await _ledger.WaitUntilMeasuredAsync(Payload.Kind, cancellationToken);
        await Task.Delay(2 * KindCatalog.Interval, TimeProvider.System, cancellationToken); // until the submitter has read it too
        await RunAsync(tasks, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        try
        {
            var before = _meter.Read();
            var working = WorkAsync(tasks, limit.Token);
            if (await Task.WhenAny(working, _consumer.Process.Exit) != working)
                throw new BenchFailedException($"{Name}: the consumer ended. {_consumer.Process.LastLines()}");
            var elapsed = await working;
            var (cpu, elsewhere) = CpuMeter.Between(before, _meter.Read());

            await _ledger.CheckAsync(tasks, cancellationToken);
            return new Sample(tasks, elapsed, cpu, elsewhere, await _ledger.KeepUpAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await _ledger.CheckAsync(tasks, cancellationToken); // says what is missing
            throw new BenchFailedException($"{Name}: {tasks:N0} tasks were not done within {RunLimit.TotalMinutes:0} minutes.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _submitter.DisposeAsync();
        await _consumer.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    /// <summary>Answers the time to the last result; returns when the outbox is settled too, which is part of a task's cost.</summary>
    private async Task<TimeSpan> WorkAsync(int tasks, CancellationToken cancellationToken)
    {
        var submitted = await _submitter.RunAsync(tasks, RunLimit, cancellationToken);
        await _ledger.WaitUntilEndedAsync(submitted.LastTask, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(submitted.Began);
        await _ledger.WaitUntilSettledAsync(cancellationToken);
        return elapsed;
    }
}
