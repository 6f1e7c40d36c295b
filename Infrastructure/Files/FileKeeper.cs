using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Files;

/// <summary>
/// Deletes files that nobody needs any more: begun by a process that died, expired, of a task that is gone, or marked by somebody who had no time for
/// the rest. Finding is quick and marks; deleting goes file by file in small transactions, and one that can't be deleted holds up no other.
/// </summary>
public sealed class FileKeeper(
    LedgerConnections ledger,
    FileStore files,
    FileEraser eraser,
    Turns turns,
    IOptions<FileStoreOptions> options,
    TimeProvider time,
    ILogger<FileKeeper> log)
    : BackgroundService
{
    private const string Turn = "files";

    // Each of them is a look-up of its task.
    private const int FilesOfTasksAtOnce = 500;

    private const int LongestSeconds = 120;

    private static readonly TimeSpan TaskGrace = TimeSpan.FromHours(1);
    private static readonly TimeSpan GoneTasksEvery = TimeSpan.FromMinutes(15);

    private long _lookedForGoneTasks;
    private long _turnTaken;

    /// <summary>How long a writer that is not on the list of instances may still be about to be.</summary>
    public static TimeSpan WriterGrace { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Deletes all that can be deleted now; answers how many.</summary>
    /// <param name="writerGrace">How old a file must be before its writer can be missed.</param>
    /// <param name="taskGrace">How old a file must be before its task can be missed.</param>
    /// <param name="cancellationToken">Ends it between two transactions.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> CleanAsync(TimeSpan writerGrace, TimeSpan? taskGrace, CancellationToken cancellationToken)
    {
        _turnTaken = time.GetTimestamp();
        var abandoned = await MarkAbandonedAsync(writerGrace, cancellationToken);
        var ofTasks = taskGrace is { } grace ? await MarkOfGoneTasksAsync(grace, cancellationToken) : 0;
        var deleted = await EraseAsync(cancellationToken);
        if (deleted > 0)
            log.FilesDeleted(deleted, abandoned, ofTasks);
        return deleted;
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

    private async Task<int> MarkAbandonedAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(FileSql.MarkAbandoned);
        command.CommandTimeout = LongestSeconds;
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = grace });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<long> MarkOfGoneTasksAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var marked = 0L;
        var (task, file) = (Guid.Empty, Guid.Empty);
        while (true)
        {
            await using (var command = ledger.Control.CreateCommand(FileSql.MarkOfGoneTasks))
            {
                command.CommandTimeout = LongestSeconds;
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = task });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = file });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = grace });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = FilesOfTasksAtOnce });
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                if (!await reader.ReadAsync(cancellationToken))
                    return marked;
                (task, file) = (reader.GetGuid(0), reader.GetGuid(1));
                marked += reader.GetInt64(2);
            }

            await KeepTurnAsync(cancellationToken);
        }
    }

    private async Task<int> EraseAsync(CancellationToken cancellationToken)
    {
        var deleted = 0;
        var failed = 0; // they stay in front of the others, in the order of the list
        while (await FindGoneAsync(failed, cancellationToken) is { Count: > 0 } gone)
        {
            foreach (var file in gone)
            {
                try
                {
                    for (int? from = 0; from is { } next; await KeepTurnAsync(cancellationToken))
                        from = await eraser.EraseSomeAsync(file, next, cancellationToken);
                    deleted++;
                }
                catch (NpgsqlException e) when (e is PostgresException || e.InnerException is TimeoutException)
                {
                    log.FileNotDeleted(file, e.Message);
                    failed++;
                }
            }
        }

        return deleted;
    }

    private async Task<List<Guid>> FindGoneAsync(int behind, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(FileSql.Gone);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = behind });
        var found = new List<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            found.Add(reader.GetGuid(0));
        return found;
    }

    /// <summary>Nobody else begins what this process is at.</summary>
    private async Task KeepTurnAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_turnTaken) < options.Value.CleanEvery / 2)
            return;
        await turns.PostponeAsync(Turn, options.Value.CleanEvery, cancellationToken);
        _turnTaken = time.GetTimestamp();
    }
}
