using System.Diagnostics;
using Messaging.Infrastructure.Outbox;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// A service that submits through the library and whose relay is held at the broker's door until all is committed. A run of some tasks
/// submits them; one of none opens the door.
/// </summary>
internal sealed class HeldRelay : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "held-relay";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly LibraryStages _stages = new(change: PublishGate.AddTo);
    private readonly LibrarySubmitter _submitter;
    private readonly PublishGate _gate;
    private readonly OutboxRelay _relay;

    /// <summary>Puts its stages together.</summary>
    public HeldRelay()
    {
        _submitter = new LibrarySubmitter(_stages);
        _gate = _stages.Get<PublishGate>();
        _relay = _stages.Get<OutboxRelay>();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _submitter.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        if (tasks == 0)
        {
            var opened = Stopwatch.GetTimestamp();
            _gate.Open();
            return new RoleReport(opened, opened);
        }

        _gate.Close();
        var report = await _submitter.RunAsync(tasks, cancellationToken);
        // The sweeper has room promised for a moment whenever it looks, and finds nothing.
        while (_relay.Held != tasks)
        {
            if (Stopwatch.GetElapsedTime(report.Ended) > Patience)
                throw new BenchFailedException($"{tasks:N0} tasks were accepted, but the relay holds {_relay.Held:N0}.");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancellationToken);
        }

        return report;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _gate.Open();
        return _submitter.DisposeAsync();
    }
}
