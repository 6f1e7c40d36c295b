using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Files;

/// <summary>
/// Watches one upload, so that all files together stay within <see cref="FileStoreOptions.MaxTotalBytes"/>. What it said it would have counts from
/// its beginning, for all other uploads too; of what comes beyond, it tells the others in steps, and looks whether there still is room. One caller.
/// </summary>
internal sealed class UploadRoom(LedgerConnections ledger, Guid id, long said, long most)
{
    /// <summary>Uploads that say how long they are, up to this, are looked at once, as they begin.</summary>
    private const long LeastStep = 8L << 20;
    private const long LongestStep = 256L << 20;

    // So many uploads at once, each a step beyond what the others know, are not yet too much.
    private const int Steps = 64;

    private long _told = said;
    private long _next = said;

    /// <summary>Looks whether two large uploads have just begun at the same moment, and how far this one may go until the next look.</summary>
    /// <exception cref="FilesFullException">There is no room.</exception>
    public async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        if (_told > LeastStep)
            await LookAsync(cancellationToken);
        else
            _next = _told + LeastStep;
    }

    /// <summary>Takes note of how much has come.</summary>
    /// <param name="size">In all.</param>
    /// <param name="isWhole">True: it is all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FilesFullException">There is no room for so much.</exception>
    /// <exception cref="LedgerUnavailableException">The file was cleaned away.</exception>
    public async ValueTask GrowAsync(long size, bool isWhole, CancellationToken cancellationToken)
    {
        if (size <= _told || (size < _next && !isWhole))
            return;
        await using (var tell = ledger.Web.CreateCommand(FileSql.Grow))
        {
            tell.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            tell.Parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
            if (await tell.ExecuteNonQueryAsync(cancellationToken) == 0)
                throw FileStore.CleanedAway();
        }

        _told = size;
        await LookAsync(cancellationToken);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        await using var look = ledger.Web.CreateCommand(FileSql.Total);
        var left = most - (long)(await look.ExecuteScalarAsync(cancellationToken))!;
        if (left < 0)
            throw new FilesFullException(most);
        _next = _told + Math.Clamp(left / Steps, LeastStep, LongestStep);
    }
}
