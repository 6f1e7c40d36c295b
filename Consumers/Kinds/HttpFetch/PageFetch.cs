using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Outbound;

namespace Messaging.Consumers.Kinds.HttpFetch;

/// <summary>
/// Fetches one page: follows its redirects itself, so that each hop is checked, hashes the body as it streams, and turns every fault
/// into the page's own error.
/// </summary>
/// <param name="client">Where it connects through.</param>
/// <param name="gates">How much at once.</param>
/// <param name="maxBytes">The largest body.</param>
/// <param name="timeout">How long one page may take.</param>
/// <param name="errorLength">The longest error, in characters.</param>
/// <param name="time">The clock.</param>
internal sealed class PageFetch(HttpFetchClient client, HostGates gates, long maxBytes, TimeSpan timeout, int errorLength, TimeProvider time)
{
    /// <summary>How many redirects are followed.</summary>
    public const int MaxRedirects = 5;

    private const int BufferSize = 32 * 1024;

    /// <summary>Fetches a page.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. A page that takes too long is an error of its own instead.</exception>
    public async Task<FetchedPage> RunAsync(string url, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var start) || !IsHttp(start))
            return new FetchedPage(url, null, 0, null, 0, "this is not an absolute http or https URL");

        var page = new State();
        var place = await gates.EnterAsync(start, cancellationToken);
        // The wait for a place is not the page's.
        var begun = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        string? error;
        try
        {
            error = await FollowAsync(start, place, page, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            error = $"it took longer than {Iso8601Duration.Format(timeout)}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            error = RequestErrors.Describe(e);
        }

        var durationMs = Math.Round(time.GetElapsedTime(begun).TotalMilliseconds, 1);
        return new FetchedPage(url, page.Status, page.Bytes, error is null ? page.Sha256 : null, durationMs, error?[..Math.Min(error.Length, errorLength)]);
    }

    private async Task<string?> FollowAsync(Uri url, HostGates.Place place, State page, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            Uri? next;
            using (place)
            {
                using var response = await client.GetAsync(url, cancellationToken);
                page.Status = (int)response.StatusCode;
                next = Location(response);
                if (next is null)
                    return await ReadAsync(response, page, cancellationToken);
            }

            if (redirects == MaxRedirects)
                return $"it redirects more than {MaxRedirects} times";
            if (!Uri.TryCreate(url, next, out var target) || !IsHttp(target))
                return "it redirects to what is not an http or https URL";
            url = target;
            // Given back before the next one is taken: two hosts that redirect to each other can't block each other.
            place = await gates.EnterAsync(url, cancellationToken);
        }
    }

    private async Task<string?> ReadAsync(HttpResponseMessage response, State page, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > maxBytes)
            return TooLarge;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await body.ReadAsync(buffer.AsMemory(0, BufferSize), cancellationToken) is var count and > 0)
            {
                page.Bytes += count;
                if (page.Bytes > maxBytes)
                    return TooLarge;
                hash.AppendData(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        page.Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        return null;
    }

    private string TooLarge => $"its body is larger than {maxBytes} bytes";

    private static bool IsHttp(Uri url) => url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps;

    // Absolute or relative; null if the answer is the page.
    private static Uri? Location(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
            ? response.Headers.Location
            : null;

    /// <summary>What is known of the page so far; stays when it ends in an error.</summary>
    private sealed class State
    {
        public int? Status { get; set; }

        public long Bytes { get; set; }

        public string? Sha256 { get; set; }
    }
}
