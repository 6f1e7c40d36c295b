using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Store.Ids;

/// <summary>Runs as the arrays of a statement.</summary>
/// <param name="First">The first id of each.</param>
/// <param name="Last">The last id of each, the first one again in a run of one.</param>
/// <param name="Worker">The workers, or null if all have <paramref name="OnlyWorker"/>.</param>
/// <param name="ClaimNo">The claim numbers.</param>
/// <param name="OnlyWorker">The worker of the first.</param>
internal sealed record RunParameters(Guid[] First, Guid[] Last, NpgsqlParameter Worker, long[] ClaimNo, Guid OnlyWorker)
{
    /// <summary>At least one run; <paramref name="ids"/> and <paramref name="fences"/> are what they were found in.</summary>
    public static RunParameters Of(IdRun[] runs, Guid[] ids, Fence[] fences) => new(
        Array.ConvertAll(runs, run => ids[run.Start]),
        Array.ConvertAll(runs, run => ids[run.End - 1]),
        Parameters.Differing(Array.ConvertAll(runs, run => fences[run.Start].Worker), NpgsqlDbType.Uuid),
        Array.ConvertAll(runs, run => fences[run.Start].ClaimNo),
        fences[0].Worker);
}
