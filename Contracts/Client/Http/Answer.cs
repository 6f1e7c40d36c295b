using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client.Http;

/// <summary>What a Producer said, read to its end.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
/// <param name="ETag">The entity tag, if there is one.</param>
/// <param name="Problem">Set if it says no, also if somebody in between does.</param>
/// <param name="IsReplayed">True if an idempotency key had made the task before.</param>
internal sealed record Answer(HttpStatusCode Status, ReadOnlyMemory<byte> Body, string? ETag, Problem? Problem, bool IsReplayed)
{
    private const string Replayed = "Idempotent-Replayed";
    private const int LongestDetail = 500;

    /// <summary>Reads the rest of an answer.</summary>
    public static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var isFine = response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified;
        var isReplayed = response.Headers.TryGetValues(Replayed, out var said) && said.Contains("true");
        return new Answer(response.StatusCode, body, response.Headers.ETag?.ToString(), isFine ? null : ProblemOf(response, body), isReplayed);
    }

    /// <summary>The body as a message of the API.</summary>
    /// <exception cref="MessagingClientException">It is none: somebody else answers at that address.</exception>
    public T As<T>()
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Body.Span, HttpJson.Options) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new MessagingClientException($"What answers with status {(int)Status} does not seem to be a Producer: its answer is no {typeof(T).Name}. {e.Message}", e);
        }
    }

    private static Problem ProblemOf(HttpResponseMessage response, byte[] body)
    {
        var said = response.Content.Headers.ContentType?.MediaType == Messaging.Contracts.Http.Problem.MediaType ? Parse(body) : null;
        said ??= new Problem
        {
            Type = "about:blank",
            Title = response.ReasonPhrase is { Length: > 0 } reason ? reason : response.StatusCode.ToString(),
            Status = (int)response.StatusCode,
            Detail = TextOf(response.Content.Headers.ContentType, body),
        };
        return said with { RetryAfter = said.RetryAfter ?? SecondsOf(response.Headers) };
    }

    private static Problem? Parse(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<Problem>(body, HttpJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TextOf(MediaTypeHeaderValue? type, byte[] body)
    {
        if (body.Length == 0 || type?.MediaType?.StartsWith("text/plain", StringComparison.Ordinal) != true)
            return null;
        return Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, LongestDetail));
    }

    // A date is compared with the answerer's own clock: ours may be minutes wrong.
    private static int? SecondsOf(HttpResponseHeaders headers) => headers.RetryAfter switch
    {
        { Delta: { } delta } => (int)Math.Ceiling(delta.TotalSeconds),
        { Date: { } date } when headers.Date is { } now => (int)Math.Max(0, Math.Ceiling((date - now).TotalSeconds)),
        _ => null,
    };
}
