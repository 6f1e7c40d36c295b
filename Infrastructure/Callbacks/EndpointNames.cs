using System.Collections.Concurrent;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>
/// Which endpoints there are, for submits that name one: asked of the ledger when one is named, and remembered for a few seconds. An endpoint that is
/// deleted meanwhile is still accepted for so long; its callbacks then fail, and say why.
/// </summary>
public sealed class EndpointNames(EndpointStore endpoints, TimeProvider time)
{
    /// <summary>How long a name is remembered.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    // Only names that exist are in it, so it is no larger than the table ever was.
    private readonly ConcurrentDictionary<string, long> _known = new(StringComparer.Ordinal);

    /// <summary>True if there is an endpoint of this name.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached, so nobody knows.</exception>
    public async ValueTask<bool> ContainsAsync(string name, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(name, out var asked) && time.GetElapsedTime(asked) < Remembered)
            return true;
        if (await endpoints.FindAsync(name, cancellationToken) is null)
        {
            _known.TryRemove(name, out _);
            return false;
        }

        _known[name] = time.GetTimestamp();
        return true;
    }
}
