using System.Diagnostics;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Retention;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>One try to drop a day.</summary>
/// <param name="Dropped">False: somebody held the tables for too long, and the product would try again after a pause.</param>
/// <param name="Took">How long the try took.</param>
internal sealed record DayDrop(bool Dropped, TimeSpan Took);

/// <summary>Drops a ledger's days one after the other, oldest first, with the product's own retention and its default settings.</summary>
/// <param name="connectionString">The ledger.</param>
/// <param name="oldest">The first day that is stored (UTC).</param>
internal sealed class OldDays(string connectionString, DateTimeOffset oldest) : IAsyncDisposable
{
    // Retention waits for an hour more, so that what ran over midnight is no reason to keep a partition; and a little, for the clocks.
    private static readonly TimeSpan Reserve = TimeSpan.FromHours(1) + TimeSpan.FromSeconds(10);

    private readonly LedgerConnections _connections = new(Options.Create(new LedgerOptions { Postgres = connectionString }));
    private readonly List<DayDrop> _drops = [];
    private DateTimeOffset _next = oldest;

    /// <summary>The tries up to now.</summary>
    public IReadOnlyList<DayDrop> Drops => _drops;

    /// <summary>Tries once to drop the oldest day that is left.</summary>
    public async Task DropNextAsync(CancellationToken cancellationToken)
    {
        // Everything is a matter of age: a shorter one makes the next day old enough.
        var options = new RetentionOptions { Finished = TimeProvider.System.GetUtcNow() - _next.AddDays(1) - Reserve };
        var keeper = new RetentionKeeper(
            _connections, new Turns(_connections), Options.Create(options), TimeProvider.System, NullLogger<RetentionKeeper>.Instance);
        var began = Stopwatch.GetTimestamp();
        var retired = await keeper.RetireAsync(cancellationToken);
        _drops.Add(new DayDrop(retired is not null, Stopwatch.GetElapsedTime(began)));
        if (retired is 0)
            throw new BenchFailedException($"There was nothing to drop of {_next:yyyy-MM-dd}.");
        if (retired is not null)
            _next = _next.AddDays(1);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connections.DisposeAsync();
}
