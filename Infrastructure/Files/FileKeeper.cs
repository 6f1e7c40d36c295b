using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Files;

/// <summary>Deletes files that nobody needs any more: begun by a process that died, expired, or of a task that is gone. A few at a time.</summary>
public sealed class FileKeeper(
    LedgerConnections ledger, FileStore files, Turns turns, IOptions<FileStoreOptions> options, TimeProvider time, ILogger<FileKeeper> log) : BackgroundService
{
    private const string Turn = "files";

    private static readonly TimeSpan TaskGrace = TimeSpan.FromHours(1);
    private static readonly TimeSpan GoneTasksEvery = TimeSpan.FromMinutes(15);

    private long _lookedForGoneTasks;

    /// <summary>How long a writer that is not on the list of instances may still be about to be.</summary>
    public static TimeSpan WriterGrace { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Deletes all that can be deleted now; answers how many.</summary>
    /// <param name="writerGrace">How old a file must be before its writer can be missed.</param>
    /// <param name="taskGrace">How old a file must be before its task can be missed.</param>
    /// <param name="cancellationToken">Ends it between two deletes.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> CleanAsync(TimeSpan writerGrace, TimeSpan? taskGrace, CancellationToken cancellationToken)
    {
        var abandoned = await DeleteAsync(FileSql.DeleteAbandoned, writerGrace, cancellationToken);
        var expired = await DeleteAsync(FileSql.DeleteExpired, null, cancellationToken);
        var ofTasks = taskGrace is null ? 0 : await DeleteAsync(FileSql.DeleteOfGoneTasks, taskGrace, cancellationToken);
        if (abandoned + expired + ofTasks > 0)
            log.FilesDeleted(abandoned, expired, ofTasks);
        return abandoned + expired + ofTasks;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await files.ForgetLeftOverAsync();
                if (await turns.TakeAsync(Turn, options.Value.CleanEvery, stoppingToken))
                {
                    // This one looks at every file of a task.
                    var looks = _lookedForGoneTasks == 0 || time.GetElapsedTime(_lookedForGoneTasks) >= GoneTasksEvery;
                    if (looks)
                        _lookedForGoneTasks = time.GetTimestamp();
                    await CleanAsync(WriterGrace, looks ? TaskGrace : null, stoppingToken);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.FilesNotDeleted(e.Message);
            }

            await Task.Delay(options.Value.CleanEvery, time, stoppingToken);
        }
    }

    private async Task<int> DeleteAsync(string sql, TimeSpan? grace, CancellationToken cancellationToken)
    {
        var deleted = 0;
        while (true)
        {
            await using var command = ledger.Control.CreateCommand(sql);
            if (grace is { } age)
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = age });
            var now = await command.ExecuteNonQueryAsync(cancellationToken);
            if (now == 0)
                return deleted;
            deleted += now;
        }
    }
}
