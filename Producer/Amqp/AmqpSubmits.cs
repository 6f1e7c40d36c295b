using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Http;

namespace Messaging.Producer.Amqp;

/// <summary>
/// Accepts tasks that were published to <c>messaging.submit</c>: the body of <c>POST /v1/tasks</c> with an <c>id</c>, by the same rules and with the same
/// problems. What can't be decided now waits here, unacknowledged: the ledger is away, the queue is full, somebody else is at the key.
/// </summary>
internal sealed class AmqpSubmits(TaskAcceptor acceptor, KnownKinds kinds, SubmitStage submit, AmqpMeter meter, TimeProvider time, ILogger<AmqpSubmits> log)
    : ISubmitReceiver
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenComplaints = TimeSpan.FromSeconds(10);

    private long _complainedAt = time.GetTimestamp() - time.TimestampFrequency * (long)BetweenComplaints.TotalSeconds;

    /// <inheritdoc/>
    public int MostBytes => SubmitTaskRequest.MaxLineBytes;

    /// <inheritdoc/>
    public async Task<SubmitVerdict> ReceiveAsync(SubmitMessage message, CancellationToken cancellationToken)
    {
        if (Read(message, out var request) is { } unread)
            return Rejected(unread);
        var trace = message.TraceParent is { } parent && ActivityContext.TryParse(parent, null, out _) ? parent : null;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var verdict = await TryAsync(request, trace, cancellationToken);
            if (verdict is not null)
                return verdict;
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>Decides a message's fate; null: not now.</summary>
    private async ValueTask<SubmitVerdict?> TryAsync(SubmitTaskRequest request, string? trace, CancellationToken cancellationToken)
    {
        try
        {
            var (task, refused) = !TaskAcceptor.MustLookUp(request) && kinds.TryGet(request.Kind, out var kind)
                ? acceptor.Accept(request, kind, trace)
                : await acceptor.AcceptAsync(request, trace, cancellationToken);
            SubmitAnswer answer;
            if (task is not null)
                answer = await submit.SubmitAsync(task, cancellationToken);
            else if (await acceptor.FindEarlierAsync(request, cancellationToken) is { } earlier)
                answer = earlier;
            else if (refused is { Type: ProblemTypes.QueueFull, Limit: > 0 }) // one with no room at all is closed
                return WaitForRoom(refused.Queue);
            else
                return Rejected(refused!);
            return answer.Outcome switch
            {
                SubmitOutcome.KeyConflict => Rejected(Problems.KeyReused(answer.TaskId) with { Errors = [new ProblemError("It has made another task.", "#/id")] }),
                SubmitOutcome.KeyUndecided => null,
                _ => Accepted(answer),
            };
        }
        catch (Exception e) when (e is LedgerUnavailableException || LedgerErrors.IsTransient(e))
        {
            if (MayComplain())
                log.SubmitsWait(e.Message);
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.MessageNotStored(e);
            return Rejected(Problems.InternalError());
        }
    }

    private static Problem? Read(SubmitMessage message, out SubmitTaskRequest request)
    {
        request = null!;
        // Nobody says how large a message is before it is there.
        if (message.Body.Length > SubmitTaskRequest.MaxLineBytes)
        {
            return Problems.TooLarge("The message", SubmitTaskRequest.MaxLineBytes) with
            {
                Detail = $"The message has {message.Body.Length} bytes; {SubmitTaskRequest.MaxLineBytes} are taken. Upload what is large as a file (POST /v1/files) and give "
                    + "the task its id, or submit over HTTP, which takes inputs of 16 MiB.",
            };
        }

        if (message.ContentEncoding is { } encoding && !IsOneOf(encoding, "identity", "utf-8", "utf8"))
            return Problems.UnsupportedMediaType($"content_encoding '{Problems.Short(encoding)}' is not supported: send the body as it is, in UTF-8.");
        if (message.ContentType is { } type && !IsOneOf(type.Split(';')[0].Trim(), "application/json", "text/json"))
            return Problems.UnsupportedMediaType($"content_type is '{Problems.Short(type)}'; send application/json in UTF-8, without any envelope.");
        return SubmitTaskReader.TryReadWithId(message.Body, out var read, out var problem) ? Take(read, out request) : problem;
    }

    private static Problem? Take(SubmitTaskRequest read, out SubmitTaskRequest request)
    {
        request = read;
        return null;
    }

    private static bool IsOneOf(string value, params ReadOnlySpan<string> known)
    {
        foreach (var one in known)
        {
            if (value.Equals(one, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private SubmitVerdict Accepted(SubmitAnswer answer)
    {
        var replayed = answer.Outcome == SubmitOutcome.Replayed;
        meter.Count(replayed ? "replayed" : "accepted");
        return new SubmitVerdict(JsonSerializer.SerializeToUtf8Bytes(
            new SubmitReply(StatusCodes.Status202Accepted, answer.TaskId, replayed ? true : null), HttpJson.Options));
    }

    private SubmitVerdict Rejected(Problem problem)
    {
        meter.Count("rejected");
        var json = JsonSerializer.SerializeToUtf8Bytes(problem, HttpJson.Options);
        return new SubmitVerdict(json, Encoding.UTF8.GetString(json), $"{problem.Title}: {problem.Detail}");
    }

    private SubmitVerdict? WaitForRoom(string? queue)
    {
        if (MayComplain())
            log.SubmitsWaitForRoom(queue);
        return null;
    }

    private bool MayComplain()
    {
        var last = Volatile.Read(ref _complainedAt);
        return time.GetElapsedTime(last) >= BetweenComplaints && Interlocked.CompareExchange(ref _complainedAt, time.GetTimestamp(), last) == last;
    }
}
