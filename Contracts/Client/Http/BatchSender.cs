using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client.Http;

/// <summary>
/// Sends tasks in requests of NDJSON until something was said to each: what was lost on the way, and what may be accepted a while later, is sent again, all
/// the rest not.
/// </summary>
internal sealed class BatchSender(ProducerConnection producers, MessagingClientOptions options, TimeProvider time)
{
    /// <summary>The path of a batch.</summary>
    private const string Path = "v1/tasks/batch";

    /// <summary>Settles all lines: each has an id or an error then.</summary>
    /// <exception cref="ProblemException">The request as a whole was refused.</exception>
    public async Task SendAsync(IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken)
    {
        // Longer than a line may be; as the only task of a request there is more room.
        foreach (var line in lines.Where(line => line.Json.Length > SubmitTaskRequest.MaxLineBytes))
            await SendAloneAsync(line, cancellationToken);

        var pace = new RetryPace(options.RetryFor, time);
        var open = lines.Where(line => !line.IsSettled).ToArray();
        while (open.Length > 0)
        {
            var producer = producers.Current;
            var trouble = await PostAsync(open, producer, cancellationToken);
            if (trouble is { MayPass: false })
                throw trouble.Value.ToException(pace.Tries, null);
            if (trouble is { DidNothing: false } lost)
                GiveUp(open.Where(line => !line.IsSettled && line.Passing is null && line.Key is null), lost, pace.Tries);
            var left = open.Where(line => !line.IsSettled).ToArray();
            if (left.Length == 0)
                return;
            var worst = trouble ?? new Trouble(left.Where(line => line.Passing is not null).MaxBy(line => line.Passing!.RetryAfter)?.Passing, null);
            if (!await producers.PauseAsync(worst, producer, pace, cancellationToken))
                GiveUp(left, worst, pace.Tries);
            open = [.. left.Where(line => !line.IsSettled)];
        }
    }

    private static void GiveUp(IEnumerable<BatchLine> lines, Trouble trouble, int tries)
    {
        foreach (var line in lines)
            line.Error = line.Passing is { } said ? new ProblemException(said) : trouble.ToException(tries, line.Key);
    }

    /// <summary>Sends the lines once and takes what is said to them. Null: something was said to each.</summary>
    private async Task<Trouble?> PostAsync(IReadOnlyList<BatchLine> lines, int producer, CancellationToken cancellationToken)
    {
        foreach (var line in lines)
            line.Passing = null;
        var ask = new Ask(HttpMethod.Post, Path) { Body = () => new LinesContent(lines) };
        try
        {
            return await producers.TryAsync(ask, producer, (response, patience) => ReadAsync(response, lines, patience), cancellationToken);
        }
        catch (Exception e) when (Trouble.IsOutage(e))
        {
            return new Trouble(null, e);
        }
    }

    private static async Task<Trouble?> ReadAsync(HttpResponseMessage response, IReadOnlyList<BatchLine> lines, Patience patience)
    {
        using var whole = response;
        if (!response.IsSuccessStatusCode)
            return new Trouble((await Answer.ReadAsync(response, patience.Token)).Problem, null);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(patience.Token), Encoding.UTF8);
        var answered = 0;
        while (await reader.ReadLineAsync(patience.Token) is { } text)
        {
            patience.Renew();
            if (text.Length == 0)
                continue;
            var answer = Parse(text);
            if (answer.Index < 0 || answer.Index >= lines.Count)
                throw new MessagingClientException($"The Producer answers to line {answer.Index} of a batch of {lines.Count}.");
            lines[answer.Index].Take(answer);
            answered++;
        }

        return answered >= lines.Count ? null : new Trouble(null, new IOException($"The answer ended after {answered} of {lines.Count} lines."));
    }

    private static BatchAnswer Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<BatchAnswer>(text, HttpJson.Options) ?? throw new JsonException("It is null.");
        }
        catch (JsonException)
        {
            throw new IOException("The answer was cut within a line."); // or is no answer of a Producer, which the next tries will show
        }
    }

    private async Task SendAloneAsync(BatchLine line, CancellationToken cancellationToken)
    {
        var ask = new Ask(HttpMethod.Post, "v1/tasks")
        {
            Body = () => new ByteArrayContent(line.Json) { Headers = { ContentType = new("application/json") } },
            IdempotencyKey = line.Key,
            IsRepeatable = line.Key is not null,
        };
        try
        {
            var answer = await producers.AskAsync(ask, options.RetryFor, cancellationToken);
            (line.Id, line.IsReplayed) = (answer.As<TaskResponse>().Id, answer.IsReplayed);
        }
        catch (MessagingClientException e)
        {
            line.Error = e;
        }
    }
}
