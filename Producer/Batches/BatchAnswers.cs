using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Json;
using System.Threading.Channels;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Http;
using Npgsql;

namespace Messaging.Producer.Batches;

/// <summary>
/// Writes the answers of a batch in the order of its tasks, each when its task is committed. It bounds how many tasks, and how many bytes of
/// them, are under way. One reader of the request adds, <see cref="WriteAsync"/> writes; both at the same time.
/// </summary>
internal sealed class BatchAnswers(PipeWriter output, ILogger log)
{
    /// <summary>The most tasks that wait for their commit or for their answer to be written.</summary>
    public const int MostPending = 2_000;

    /// <summary>The most bytes of inputs that wait for their commit.</summary>
    public const long MostPendingBytes = 16 * 1024 * 1024;

    private const int LongestAccepted = 100;

    private readonly Channel<Entry> _pending = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(MostPending) { SingleReader = true, SingleWriter = true });

    private long _pendingBytes;
    private TaskCompletionSource? _roomForBytes;
    private bool _isListening = true;

    /// <summary>Adds a task that is being committed. Waits while too much is under way.</summary>
    public ValueTask AddAsync(int index, ValueTask<SubmitAnswer> commit, int bytes)
    {
        var entry = new Entry(index, commit, bytes, null);
        var hasRoom = Interlocked.Add(ref _pendingBytes, bytes) <= MostPendingBytes;
        return hasRoom && _pending.Writer.TryWrite(entry) ? default : AddSlowlyAsync(entry);
    }

    /// <summary>Adds a refusal.</summary>
    public ValueTask AddAsync(int index, Problem problem) => _pending.Writer.WriteAsync(new Entry(index, default, 0, problem));

    /// <summary>Nothing more comes.</summary>
    public void Complete() => _pending.Writer.TryComplete();

    /// <summary>
    /// Writes answers until there are no more; goes on awaiting commits, but not writing, once nobody listens. Whatever goes wrong, the reader
    /// is not left to wait for room.
    /// </summary>
    public async Task WriteAsync()
    {
        try
        {
            await WriteAllAsync();
            await output.CompleteAsync();
        }
        catch (Exception e)
        {
            _pending.Writer.TryComplete(e);
            Interlocked.Exchange(ref _pendingBytes, 0);
            Interlocked.Exchange(ref _roomForBytes, null)?.TrySetResult();
            await output.CompleteAsync(e);
            throw;
        }
    }

    private async Task WriteAllAsync()
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        while (await _pending.Reader.WaitToReadAsync())
        {
            while (_pending.Reader.TryRead(out var entry))
            {
                // Whoever has to wait for a commit lets go first of the answers that are there.
                if (!entry.Commit.IsCompleted)
                    await FlushAsync();
                var (answer, problem) = entry.Problem is { } refusal ? (default, refusal) : await CommittedAsync(entry);
                Release(entry.Bytes);
                if (!_isListening)
                    continue;
                if (problem is not null)
                    Write(json, new BatchAnswer(entry.Index, problem.Status, null, problem));
                else if (answer.Outcome == SubmitOutcome.Replayed)
                    Write(json, new BatchAnswer(entry.Index, StatusCodes.Status202Accepted, answer.TaskId, null, Replayed: true));
                else
                    WriteAccepted(entry.Index, answer.TaskId);
                if (output.UnflushedBytes > 32 * 1024)
                    await FlushAsync();
            }

            await FlushAsync();
        }
    }

    private async ValueTask AddSlowlyAsync(Entry entry)
    {
        while (Volatile.Read(ref _pendingBytes) > MostPendingBytes)
        {
            var room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _roomForBytes, room);
            // Looked at again, in case the room was made just before somebody could be told.
            if (Volatile.Read(ref _pendingBytes) > MostPendingBytes)
                await room.Task;
        }

        await _pending.Writer.WriteAsync(entry);
    }

    private void Release(int bytes)
    {
        if (bytes > 0 && Interlocked.Add(ref _pendingBytes, -bytes) <= MostPendingBytes)
            Interlocked.Exchange(ref _roomForBytes, null)?.TrySetResult();
    }

    private async ValueTask<(SubmitAnswer Answer, Problem? Problem)> CommittedAsync(Entry entry)
    {
        try
        {
            var answer = await entry.Commit;
            return (answer, answer.Outcome switch
            {
                SubmitOutcome.KeyConflict => Problems.KeyReused(answer.TaskId) with { Errors = [new ProblemError("It has made another task.", "#/idempotencyKey")] },
                SubmitOutcome.KeyUndecided => Problems.KeyUndecided(),
                _ => null,
            });
        }
        catch (LedgerUnavailableException)
        {
            return (default, Problems.LedgerUnavailable());
        }
        catch (PostgresException e)
        {
            log.NotStored(e);
            return (default, Problems.InternalError());
        }
    }

    private async ValueTask FlushAsync()
    {
        if (_isListening && output.UnflushedBytes > 0)
            _isListening = !(await output.FlushAsync()).IsCompleted;
    }

    private void WriteAccepted(int index, Guid id)
    {
        var line = output.GetSpan(LongestAccepted);
        "{\"index\":"u8.CopyTo(line);
        var length = "{\"index\":"u8.Length;
        Utf8Formatter.TryFormat(index, line[length..], out var written);
        length += written;
        ",\"status\":202,\"id\":\""u8.CopyTo(line[length..]);
        length += ",\"status\":202,\"id\":\""u8.Length;
        id.TryFormat(line[length..], out written);
        length += written;
        "\"}\n"u8.CopyTo(line[length..]);
        output.Advance(length + 3);
    }

    private void Write(Utf8JsonWriter json, BatchAnswer answer)
    {
        JsonSerializer.Serialize(json, answer, HttpJson.Options);
        json.Flush();
        json.Reset();
        output.Write("\n"u8);
    }

    private readonly record struct Entry(int Index, ValueTask<SubmitAnswer> Commit, int Bytes, Problem? Problem);
}
