using System.Diagnostics;
using System.Globalization;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>
/// The system, submitted to from a service that uses the library, or over HTTP: tasks are committed, published, claimed, run, and their
/// results committed. Producer and consumer are the product's own processes. Ledger and queue are its own: whatever waits in another
/// contestant's outbox is not its work.
/// </summary>
internal sealed class WholeSystem : IContestant
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private readonly BenchLedger _ledger;
    private readonly IReadOnlyList<ConsumerProcess> _consumers;
    private readonly ProducerProcess? _producer;
    private readonly RoleProcess _submitter;
    private readonly CpuMeter _meter;
    private int _unchecked;

    private WholeSystem(
        string name, BenchServers servers, BenchLedger ledger, IReadOnlyList<ConsumerProcess> consumers, ProducerProcess? producer, RoleProcess submitter)
    {
        (Name, _ledger, _consumers, _producer, _submitter) = (name, ledger, consumers, producer, submitter);
        var (part, process) = producer is null ? (Parts.Submitter, submitter.Id) : (Parts.Producer, producer.Process.Id);
        var parts = new Dictionary<string, int> { [part] = process };
        for (var i = 0; i < consumers.Count; i++)
            parts[Parts.ConsumerNo(i + 1)] = consumers[i].Process.Id;
        (parts[Parts.Postgres], parts[Parts.RabbitMq]) = (servers.PostgresId, servers.RabbitMqId);
        _meter = new CpuMeter(parts);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Makes its ledger and starts its processes.</summary>
    /// <param name="name">What the tables call it.</param>
    /// <param name="servers">Where tasks are kept and sent.</param>
    /// <param name="shape">What it consists of.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<WholeSystem> StartAsync(string name, BenchServers servers, SystemShape shape, CancellationToken cancellationToken)
    {
        var postgres = await servers.CreateDatabaseAsync(shape.Queue, cancellationToken);
        var connections = new ProcessConnections(postgres, servers.RabbitMq);
        // All publish: the producer or submitter what it has committed, the consumer what their relay had no room for.
        var settings = new Dictionary<string, string?>
        {
            ["Logging__LogLevel__Default"] = "Warning",
            ["Messaging__Relay__PackSize"] = shape.PackSize?.ToString(CultureInfo.InvariantCulture),
        };
        var consumers = new List<ConsumerProcess>();
        ProducerProcess? producer = null;
        try
        {
            // Consumers first: the producer checks by the kinds that they register.
            while (consumers.Count < shape.Consumers)
            {
                consumers.Add(await ConsumerProcess.StartAsync(
                    connections, new ConsumerProcessOptions { Queues = [shape.Queue], Concurrency = shape.Slots }, settings, cancellationToken));
            }

            producer = shape.OverHttp ? await ProducerProcess.StartAsync(connections, settings, cancellationToken) : null;
            settings["Messaging__Postgres"] = postgres;
            settings["Messaging__RabbitMq"] = servers.RabbitMq.ToString();
            settings[LibraryStages.QueueVariable] = shape.Queue;
            settings[HttpSubmitter.AddressVariable] = producer?.Address.ToString();
            settings[Callers.BatchVariable] = shape.Batch?.ToString(CultureInfo.InvariantCulture);
            settings[Payload.SizeVariable] = shape.PayloadBytes.ToString(CultureInfo.InvariantCulture);
            var submitter = await RoleProcess.StartAsync(shape.OverHttp ? HttpSubmitter.Name : LibrarySubmitter.Name, settings, cancellationToken);
            return new WholeSystem(name, servers, new BenchLedger(postgres, servers.PostgresId), consumers, producer, submitter);
        }
        catch
        {
            if (producer is not null)
                await producer.DisposeAsync();
            foreach (var consumer in consumers)
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
        var sample = await StreamAsync(tasks, cancellationToken);
        await CheckAsync(cancellationToken);
        return sample with { Upkeep = await _ledger.KeepUpAsync(cancellationToken) };
    }

    /// <summary>Does the work once; whether it was all done right is left to <see cref="CheckAsync"/>, and no upkeep is measured.</summary>
    /// <exception cref="BenchFailedException">It was not done in time, or a process ended.</exception>
    public async Task<Sample> StreamAsync(int tasks, CancellationToken cancellationToken)
    {
        _unchecked += tasks;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        try
        {
            var written = await _ledger.ReadWorkAsync(limit.Token);
            var before = _meter.Read();
            var working = WorkAsync(tasks, limit.Token);
            await Task.WhenAny([working, .. _consumers.Select(consumer => consumer.Process.Exit)]);
            if (_consumers.FirstOrDefault(consumer => consumer.Process.Exit.IsCompleted) is { } ended)
                throw new BenchFailedException($"{Name}: a consumer ended. {ended.Process.LastLines()}");
            var sample = Sample.Of(tasks, await working, CpuMeter.Between(before, _meter.Read()));
            return sample with { Written = await _ledger.ReadWorkAsync(limit.Token) - written };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await CheckAsync(cancellationToken); // says what is missing
            throw new BenchFailedException($"{Name}: {tasks:N0} tasks were not done within {RunLimit.TotalMinutes:0} minutes.");
        }
    }

    /// <summary>Checks that all that was streamed up to now has ended well, once each, and nothing is left.</summary>
    /// <exception cref="BenchFailedException">It is not so.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _ledger.CheckAsync(_unchecked, cancellationToken);
        _unchecked = 0;
    }

    /// <summary>What each of our processes has in memory now, in MiB.</summary>
    public IReadOnlyDictionary<string, double> ResidentMiB() => _meter.ReadResidentMiB();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _submitter.DisposeAsync();
        if (_producer is not null)
            await _producer.DisposeAsync();
        foreach (var consumer in _consumers)
            await consumer.DisposeAsync();
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

/// <summary>What a system under measurement consists of.</summary>
/// <param name="Queue">The name of its task queue and of its database.</param>
/// <param name="Slots">How many tasks a consumer runs at once.</param>
/// <param name="PackSize">The most tasks in one message; null: the product's own default.</param>
/// <param name="OverHttp">Submitted to through a Producer, by NDJSON; false: from a service that uses the library.</param>
/// <param name="Consumers">How many consumer processes.</param>
/// <param name="PayloadBytes">The size of a task's input.</param>
/// <param name="Batch">How many tasks each of the submitter's callers hands over at a time; null: its default.</param>
internal sealed record SystemShape(
    string Queue, int Slots, int? PackSize = null, bool OverHttp = false, int Consumers = 1, int PayloadBytes = Payload.Bytes, int? Batch = null);
