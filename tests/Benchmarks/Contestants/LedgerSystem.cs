using System.Diagnostics;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>
/// The system on a ledger that may hold anything beforehand: a service that submits through the library, and the product's consumer.
/// One system can stand behind several contestants, which differ in what else happens while it works.
/// </summary>
internal sealed class LedgerSystem : IAsyncDisposable
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private readonly ConsumerProcess _consumer;
    private readonly RoleProcess _submitter;
    private readonly CpuMeter _meter;
    private bool _isWarm;

    private LedgerSystem(BenchServers servers, string postgres, ConsumerProcess consumer, RoleProcess submitter)
    {
        (Postgres, _consumer, _submitter) = (postgres, consumer, submitter);
        Ledger = new RunLedger(postgres, servers.PostgresId);
        _meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Submitter] = submitter.Id,
            [Parts.Consumer] = consumer.Process.Id,
            [Parts.Postgres] = servers.PostgresId,
            [Parts.RabbitMq] = servers.RabbitMqId,
        });
    }

    /// <summary>The database's connection string.</summary>
    public string Postgres { get; }

    /// <summary>The ledger.</summary>
    public RunLedger Ledger { get; }

    /// <summary>Starts its processes on a database that exists.</summary>
    /// <param name="servers">Where tasks are kept and sent.</param>
    /// <param name="postgres">Connection string of the database; the consumer makes the schema if there is none.</param>
    /// <param name="queue">The task queue.</param>
    /// <param name="slots">How many tasks the consumer runs at once.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<LedgerSystem> StartAsync(BenchServers servers, string postgres, string queue, int slots, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" };
        var consumer = await ConsumerProcess.StartAsync(
            new ProcessConnections(postgres, servers.RabbitMq),
            new ConsumerProcessOptions { Queues = [queue], Concurrency = slots },
            settings,
            cancellationToken);
        try
        {
            settings["Messaging__Postgres"] = postgres;
            settings["Messaging__RabbitMq"] = servers.RabbitMq.ToString();
            settings[LibraryStages.QueueVariable] = queue;
            return new LedgerSystem(servers, postgres, consumer, await RoleProcess.StartAsync(WatchedSubmitter.Name, settings, cancellationToken));
        }
        catch
        {
            await consumer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Two runs, once: only kinds that workers have measured are packed, so the first is never a typical one.</summary>
    public async Task WarmUpAsync(int tasks, CancellationToken cancellationToken)
    {
        if (_isWarm)
            return;
        await RunAsync(tasks, null, cancellationToken);
        await Ledger.WaitUntilMeasuredAsync(Payload.Kind, cancellationToken);
        await Task.Delay(2 * KindCatalog.Interval, TimeProvider.System, cancellationToken); // until the submitter has read it too
        await RunAsync(tasks, null, cancellationToken);
        _isWarm = true;
    }

    /// <summary>Does so many tasks; answers what that showed and how long the slowest submit waited for its commit.</summary>
    /// <param name="tasks">How many.</param>
    /// <param name="meanwhile">What else is done once the first task is accepted; awaited before the run counts as over.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BenchFailedException">Tasks were lost, repeated, or not done in time.</exception>
    public async Task<(Sample Sample, TimeSpan LongestWait)> RunAsync(
        int tasks, Func<CancellationToken, Task>? meanwhile, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        await Ledger.BeginAsync(cancellationToken);
        try
        {
            var before = _meter.Read();
            var working = WorkAsync(tasks, meanwhile, limit.Token);
            if (await Task.WhenAny(working, _consumer.Process.Exit) != working)
                throw new BenchFailedException($"The consumer ended. {_consumer.Process.LastLines()}");
            var (elapsed, longestWait) = await working;
            var cost = CpuMeter.Between(before, _meter.Read());
            await Ledger.CheckAsync(tasks, cancellationToken);
            return (Sample.Of(tasks, elapsed, cost, await Ledger.KeepUpAsync(cancellationToken)), longestWait);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await Ledger.CheckAsync(tasks, cancellationToken); // says what is missing
            throw new BenchFailedException($"{tasks:N0} tasks were not done within {RunLimit.TotalMinutes:0} minutes.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _submitter.DisposeAsync();
        await _consumer.DisposeAsync();
        await Ledger.DisposeAsync();
    }

    /// <summary>Answers the time to the last result; returns when the outbox is settled and what happens meanwhile is over.</summary>
    private async Task<(TimeSpan Elapsed, TimeSpan LongestWait)> WorkAsync(
        int tasks, Func<CancellationToken, Task>? meanwhile, CancellationToken cancellationToken)
    {
        var submitting = _submitter.RunAsync(tasks, RunLimit, cancellationToken);
        var other = meanwhile is null ? Task.CompletedTask : MeanwhileAsync(meanwhile, cancellationToken);
        var submitted = await submitting;
        await Ledger.WaitUntilEndedAsync(submitted.LastTask, tasks, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(submitted.Began);
        await Ledger.WaitUntilSettledAsync(cancellationToken);
        await other;
        return (elapsed, WatchedSubmitter.LongestWait(submitted));
    }

    private async Task MeanwhileAsync(Func<CancellationToken, Task> meanwhile, CancellationToken cancellationToken)
    {
        await Ledger.WaitUntilBegunAsync(cancellationToken);
        await meanwhile(cancellationToken);
    }
}
