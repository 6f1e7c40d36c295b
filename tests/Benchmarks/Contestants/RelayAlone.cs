using System.Diagnostics;
using System.Globalization;
using Messaging.Infrastructure.Broker;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>One process's relay, with nothing else to do: what was accepted before is published, confirmed and settled.</summary>
internal sealed class RelayAlone : IContestant
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private readonly BenchServers _servers;
    private readonly BenchLedger _ledger;
    private readonly ProcessConnections _connections;
    private readonly RelayShape _shape;
    private readonly RoleProcess _relay;
    private readonly RoleProcess? _accepting;
    private readonly CpuMeter _meter;

    private RelayAlone(string name, BenchServers servers, string postgres, RelayShape shape, RoleProcess relay, RoleProcess? accepting)
    {
        (Name, _servers, _shape, _relay, _accepting) = (name, servers, shape, relay, accepting);
        _connections = new ProcessConnections(postgres, servers.RabbitMq);
        _ledger = new BenchLedger(postgres, servers.PostgresId);
        _meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Relay] = relay.Id,
            [Parts.Postgres] = servers.PostgresId,
            [Parts.RabbitMq] = servers.RabbitMqId,
        });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Makes its ledger and starts its processes.</summary>
    /// <param name="name">What the tables call it.</param>
    /// <param name="servers">Where tasks are kept and sent.</param>
    /// <param name="shape">How tasks come to it.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<RelayAlone> StartAsync(string name, BenchServers servers, RelayShape shape, CancellationToken cancellationToken)
    {
        var postgres = await servers.CreateDatabaseAsync(shape.Queue, cancellationToken);
        var settings = new Dictionary<string, string?>
        {
            ["Messaging__Postgres"] = postgres,
            ["Messaging__RabbitMq"] = servers.RabbitMq.ToString(),
            ["Messaging__Relay__PackSize"] = shape.PackSize?.ToString(CultureInfo.InvariantCulture),
            [LibraryStages.QueueVariable] = shape.Queue,
        };
        if (shape.BySweeper)
        {
            // The relay's process only sweeps; another accepts, so that the rows are nobody's when they are given up.
            var sweeping = await RoleProcess.StartAsync(LibrarySubmitter.Name, settings, cancellationToken);
            return new RelayAlone(name, servers, postgres, shape, sweeping, await RoleProcess.StartAsync(LibrarySubmitter.WithoutRelay, settings, cancellationToken));
        }

        // Room for all that is accepted while it is held; the sends that stand at the gate must not be given up meanwhile.
        settings["Messaging__Relay__Capacity"] = "10000000";
        settings["Messaging__Relay__CapacityBytes"] = $"{16L * 1024 * 1024 * 1024}";
        settings["Messaging__Relay__SendDeadline"] = "00:05:00";
        return new RelayAlone(name, servers, postgres, shape, await RoleProcess.StartAsync(HeldRelay.Name, settings, cancellationToken), null);
    }

    /// <summary>Two runs; a consumer takes part in the first, since only kinds that workers have measured are packed.</summary>
    public async Task WarmUpAsync(int tasks, CancellationToken cancellationToken)
    {
        await ShortKind.MeasureAsync(
            _connections,
            _shape.Queue,
            _ledger,
            async (count, token) =>
            {
                var accepted = await AcceptAsync(count, token);
                await ReleaseAsync(token);
                return accepted;
            },
            Math.Min(tasks, ShortKind.Tasks),
            cancellationToken);
        await RunAsync(tasks, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        try
        {
            await AcceptAsync(tasks, limit.Token);
            await _ledger.KeepUpAsync(limit.Token);
            var before = _meter.Read();
            var began = Stopwatch.GetTimestamp();
            await ReleaseAsync(limit.Token);
            await _ledger.WaitUntilSettledAsync(limit.Token);
            var elapsed = Stopwatch.GetElapsedTime(began);
            var cost = CpuMeter.Between(before, _meter.Read());
            await _ledger.EmptyAsync(tasks, cancellationToken);
            await _servers.PurgeAsync(QueueNames.OfTasks(_shape.Queue), cancellationToken);
            return Sample.Of(tasks, elapsed, cost);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await _ledger.EmptyAsync(tasks, cancellationToken); // says what is left
            throw new BenchFailedException($"{Name}: {tasks:N0} tasks were not published within {RunLimit.TotalMinutes:0} minutes.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_accepting is not null)
            await _accepting.DisposeAsync();
        await _relay.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    private Task<RoleReport> AcceptAsync(int tasks, CancellationToken cancellationToken) => (_accepting ?? _relay).RunAsync(tasks, RunLimit, cancellationToken);

    /// <summary>From now on the relay may publish what was accepted.</summary>
    private Task ReleaseAsync(CancellationToken cancellationToken)
        => _shape.BySweeper ? _ledger.DisownAllAsync(cancellationToken) : _relay.RunAsync(0, RunLimit, cancellationToken);
}

/// <summary>How tasks come to a relay under measurement.</summary>
/// <param name="Queue">The name of its task queue and of its database.</param>
/// <param name="BySweeper">From outbox rows that a stopped process has left; false: straight from the memory of the process that committed them.</param>
/// <param name="PackSize">The most tasks in one message; null: the product's own default.</param>
internal sealed record RelayShape(string Queue, bool BySweeper, int? PackSize = null);
