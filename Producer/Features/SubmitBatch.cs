using System.IO.Pipelines;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Access;
using Messaging.Producer.Batches;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/tasks/batch</c>: up to 10,000 tasks as NDJSON or as a JSON array, read and answered as a stream. 200 and a line of NDJSON for
/// each task in order; a bad one spoils only itself.
/// </summary>
internal static class SubmitBatch
{
    private static readonly string[] Ndjson = ["application/x-ndjson", "application/ndjson"];

    // Most clients send their whole body before they read; so many bytes of answers are held back for them before reading stops.
    private static readonly PipeOptions HeldBack =
        new(pauseWriterThreshold: 8 * 1024 * 1024, resumeWriterThreshold: 4 * 1024 * 1024, useSynchronizationContext: false);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/tasks/batch", HandleAsync).AnswersNdjson().Needs(ApiScopes.Submit)
        .Describe("submitBatch", ApiTags.Tasks, "Submit many tasks", o => o
            .Says("Up to 10,000 tasks, read and answered as a stream. A bad one spoils only itself. A batch has no idempotency key: its tasks may have one each.")
            .Header("traceparent", Shape.Text, "W3C Trace Context: the tasks' runs belong to this trace.")
            .Takes(
                "One task a line, or a JSON array of them.",
                required: true,
                new Content("application/x-ndjson", Shape.LinesOf<SubmitTaskRequest>(), Examples.Batch),
                new Content("application/json", Shape.ListOf<SubmitTaskRequest>(), new[] { Examples.Submit }))
            .Gives(200, "One line for each task, in order: its id, or the problem that `POST /v1/tasks` would have answered.", new Content("application/x-ndjson", Shape.LinesOf<BatchAnswer>(), Examples.BatchAnswers()))
            .Calls(WebhookWriter.TaskEnded, "{$request.body#/callback/url}") // of each line
            .RefusesLines(
                ProblemTypes.MalformedJson,
                ProblemTypes.InvalidRequest,
                ProblemTypes.NotBuiltYet,
                ProblemTypes.UnknownCallbackEndpoint,
                ProblemTypes.UnknownKind,
                ProblemTypes.InvalidInput,
                ProblemTypes.InvalidValue,
                ProblemTypes.TooLarge,
                ProblemTypes.TooManyTasks,
                ProblemTypes.QueueFull,
                ProblemTypes.IdempotencyKeyReused,
                ProblemTypes.IdempotencyKeyUndecided,
                ProblemTypes.LedgerUnavailable,
                ProblemTypes.InternalError));

    private static async Task<Results<EmptyHttpResult, ProblemResult>> HandleAsync(
        HttpContext http, TaskAcceptor acceptor, KnownKinds kinds, SubmitStage submit, RateLimits limits, ILogger<BatchReader> log)
    {
        if (http.Request.QueryString.HasValue && new QueryReader(http.Request.Query).Problem is { } parameter)
            return new ProblemResult(parameter);
        if (RequestBody.CheckType(http.Request, [.. Ndjson, "application/json"]) is { } type)
            return new ProblemResult(type);
        if (IdempotencyKeyHeader.RefuseFor(http.Request, "A batch has no key: give each of its tasks one, as its member idempotencyKey.") is { } header)
            return new ProblemResult(header);
        if (http.Request.ContentLength > BatchReader.MostBytes)
        {
            await RequestBody.ReadAwayAsync(http);
            return new ProblemResult(Problems.TooLarge("The body", BatchReader.MostBytes));
        }

        var isArray = !Ndjson.Contains(MediaTypeHeaderValue.Parse(http.Request.ContentType).MediaType.Value, StringComparer.OrdinalIgnoreCase);
        if (isArray && await CheckOpensArrayAsync(http) is { } notAnArray)
            return new ProblemResult(notAnArray);

        http.Response.ContentType = Ndjson[0];
        var pipe = new Pipe(HeldBack);
        var answers = new BatchAnswers(pipe.Writer, log);
        var reader = new BatchReader(
            http.Request.BodyReader, isArray ? new ArraySplitter() : new LineSplitter(), answers, acceptor, kinds, submit, TraceParents.Current());
        await Task.WhenAll(ReadAsync(http, reader, answers, log), answers.WriteAsync(), SendAsync(http, pipe.Reader));
        limits.Charge(http, reader.Count - 1);
        return TypedResults.Empty;
    }

    private static async Task ReadAsync(HttpContext http, BatchReader reader, BatchAnswers answers, ILogger log)
    {
        try
        {
            await reader.ReadAsync(http.RequestAborted);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            log.BatchBroken(reader.Count, e.Message);
            http.Abort();
        }
        finally
        {
            answers.Complete();
        }
    }

    private static async Task SendAsync(HttpContext http, PipeReader answers)
    {
        try
        {
            await answers.CopyToAsync(http.Response.BodyWriter, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has gone; the reader logs it.
        }
        finally
        {
            await answers.CompleteAsync();
        }
    }

    private static async Task<Problem?> CheckOpensArrayAsync(HttpContext http)
    {
        var body = http.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(http.RequestAborted);
            var position = TextPosition.Start;
            foreach (var segment in read.Buffer)
            {
                var first = segment.Span.IndexOfAnyExcept(" \t\r\n"u8);
                if (first >= 0 && segment.Span[first] == '[')
                {
                    body.AdvanceTo(read.Buffer.Start);
                    return null;
                }

                position = position.Behind(new(first < 0 ? segment : segment[..first]));
                if (first < 0)
                    continue;
                body.AdvanceTo(read.Buffer.End);
                return NotAnArray(position);
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
                return NotAnArray(position);
        }
    }

    private static Problem NotAnArray(TextPosition at) => Problems.Malformed(
        new MalformedJson("With application/json a batch is an array; lines of JSON are application/x-ndjson.", at.Line, at.Byte));
}
