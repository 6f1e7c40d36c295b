using System.Buffers;
using System.IO.Pipelines;
using Messaging.Contracts.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Messaging.Producer.Http;

/// <summary>Reads request bodies.</summary>
internal static class RequestBody
{
    // A client that is still sending would not see an answer. Beyond this the connection is closed in its face.
    public const long MostReadAway = 64 * 1024 * 1024;
    private static readonly TimeSpan LongestReadAway = TimeSpan.FromSeconds(30);

    /// <summary>Null if the body has one of the media types and is plain UTF-8.</summary>
    public static Problem? CheckType(HttpRequest request, params ReadOnlySpan<string> types)
    {
        var encoding = request.Headers.ContentEncoding;
        if (!StringValues.IsNullOrEmpty(encoding) && !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase))
            return Problems.UnsupportedMediaType($"Content-Encoding '{Problems.Short(encoding.ToString())}' is not supported: send the body as it is.");
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && types.ContainsAny([type.MediaType.Value!.ToLowerInvariant()])
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            return null;
        return Problems.UnsupportedMediaType(
            $"Content-Type is '{Problems.Short(request.ContentType ?? "")}'; send {string.Join(" or ", types.ToArray())} in UTF-8.");
    }

    /// <summary>Reads a body whole; null if it has more than <paramref name="most"/> bytes. Then the rest was read away.</summary>
    /// <exception cref="BadHttpRequestException">It came too slowly.</exception>
    /// <exception cref="TimeoutException">It is large, and too many others are.</exception>
    public static async Task<byte[]?> ReadAsync(HttpContext http, int most)
    {
        var body = http.Request.BodyReader;
        LargeRequests? turn = null;
        while (true)
        {
            var read = turn is null ? await body.ReadAsync(http.RequestAborted) : await ReadOnAsync(http, turn);
            if (read.Buffer.Length > LargeRequests.Large)
                turn ??= await LargeRequests.TakeTurnAsync(http);

            if (read.Buffer.Length > most)
            {
                body.AdvanceTo(read.Buffer.End);
                if (!read.IsCompleted)
                    await ReadAwayAsync(http);
                return null;
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                body.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async ValueTask<ReadResult> ReadOnAsync(HttpContext http, LargeRequests turn)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(turn.TooSlow, http.RequestAborted);
        try
        {
            return await http.Request.BodyReader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (turn.TooSlow.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException("The body is large and came too slowly.", StatusCodes.Status408RequestTimeout);
        }
    }

    /// <summary>Reads what a client still sends, so that it comes to reading the answer.</summary>
    public static async Task ReadAwayAsync(HttpContext http)
    {
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        using var patience = new CancellationTokenSource(LongestReadAway, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, http.RequestAborted);
        try
        {
            for (var left = MostReadAway; left > 0;)
            {
                var read = await http.Request.BodyReader.ReadAsync(either.Token);
                left -= read.Buffer.Length;
                http.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            // Too slow: the answer goes out now, and the connection is closed behind it.
        }
    }
}
