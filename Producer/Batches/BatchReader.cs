using System.Buffers;
using System.IO.Pipelines;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Http;

namespace Messaging.Producer.Batches;

/// <summary>
/// Takes the tasks out of a batch's body as it arrives and hands each to the ledger at once, without waiting for those before it.
/// </summary>
internal sealed class BatchReader(
    PipeReader body, ItemSplitter splitter, BatchAnswers answers, TaskAcceptor acceptor, KnownKinds kinds, SubmitStage submit, string? traceParent)
{
    /// <summary>The largest body, in bytes.</summary>
    public const long MostBytes = 256 * 1024 * 1024;

    // Each task too many gets its answer, but somebody who sends without end is cut off.
    private const int MostRefused = SubmitTaskRequest.MaxBatch;

    /// <summary>How many tasks have been read.</summary>
    public int Count { get; private set; }

    /// <summary>Reads to the end of the body, or as far as is allowed.</summary>
    /// <exception cref="IOException">The client went away, or its body is broken.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        for (var bytes = 0L; ;)
        {
            var read = await body.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var length = buffer.Length;
            while (splitter.TryTake(ref buffer, read.IsCompleted, out var item))
            {
                if (Count >= SubmitTaskRequest.MaxBatch + MostRefused)
                    return;
                await AcceptAsync(item, Count++, cancellationToken);
            }

            bytes += length - buffer.Length;
            body.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                return;
            if (bytes > MostBytes)
            {
                await answers.AddAsync(Count++, Problems.TooLarge("The body", MostBytes));
                return;
            }
        }
    }

    private async ValueTask AcceptAsync(BatchItem item, int index, CancellationToken cancellationToken)
    {
        if (index >= SubmitTaskRequest.MaxBatch)
        {
            await answers.AddAsync(index, Problems.TooManyTasks());
        }
        else if (item.Refusal is { } refusal)
        {
            await answers.AddAsync(index, refusal);
        }
        else if (item.Json.IsSingleSegment)
        {
            await AcceptAsync(item.Json.First, item.At, index, cancellationToken);
        }
        else
        {
            var length = (int)item.Json.Length;
            var whole = ArrayPool<byte>.Shared.Rent(length);
            item.Json.CopyTo(whole);
            await AcceptAsync(whole.AsMemory(0, length), item.At, index, cancellationToken);
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    private async ValueTask AcceptAsync(ReadOnlyMemory<byte> json, TextPosition at, int index, CancellationToken cancellationToken)
    {
        if (!SubmitTaskReader.TryRead(json, out var request, out var problem))
        {
            await answers.AddAsync(index, at.Shift(problem));
            return;
        }

        var (task, refused) = !TaskAcceptor.MustLookUp(request) && kinds.TryGet(request.Kind, out var kind)
            ? acceptor.Accept(request, kind, traceParent)
            : await LookUpAsync(request, cancellationToken);
        if (task is null)
        {
            await RefuseAsync(request, at.Shift(refused!), index, cancellationToken);
            return;
        }

        // The buffer goes back to its pool; the input stays.
        task = task with { Input = task.Input.ToArray() };
        // A client that leaves now does not take back what it has asked for.
        await answers.AddAsync(index, submit.SubmitAsync(task, CancellationToken.None), task.Input.Length);
    }

    /// <summary>Refuses a task, unless the same request has made one before.</summary>
    private async ValueTask RefuseAsync(SubmitTaskRequest request, Problem refused, int index, CancellationToken cancellationToken)
    {
        try
        {
            if (await acceptor.FindEarlierAsync(request, cancellationToken) is { } earlier)
                await answers.AddAsync(index, new ValueTask<SubmitAnswer>(earlier), bytes: 0);
            else
                await answers.AddAsync(index, refused);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            await answers.AddAsync(index, Problems.LedgerUnavailable());
        }
    }

    private async ValueTask<(NewTask? Task, Problem? Problem)> LookUpAsync(SubmitTaskRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await acceptor.AcceptAsync(request, traceParent, cancellationToken);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            return (null, Problems.LedgerUnavailable());
        }
    }
}
