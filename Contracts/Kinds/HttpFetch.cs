using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Messaging.Contracts.Kinds;

/// <summary>Fetches a list of URLs at the same time. A page that fails does not fail the others.</summary>
/// <param name="Urls">1 to 1,000 absolute http or https URLs.</param>
/// <param name="MaxBytesPerUrl">
/// The largest body that is read, in bytes, up to 256 MiB; a larger one is that page's error. Default: <see cref="DefaultMaxBytesPerUrl"/>.
/// </param>
/// <param name="TimeoutPerUrl">How long one page may take in all, redirects included. Default: <see cref="DefaultTimeoutPerUrl"/>.</param>
/// <param name="ConcurrencyPerHost">
/// How many requests of this task run at once against one host, 1 to 64. Default: <see cref="DefaultConcurrencyPerHost"/>.
/// </param>
[TaskKind("http.fetch", Description = "Fetches a list of URLs concurrently; each page has its status, size and SHA-256 or its own error.")]
public sealed record HttpFetch(
    [Description("Absolute http or https URLs."), Length(1, 1000)] IReadOnlyList<string> Urls,
    [Description("The largest body that is read, in bytes. Default 10 MiB."), Range(1, 256 * 1024 * 1024)] long? MaxBytesPerUrl = null,
    [Description("How long one page may take in all, redirects included. Default PT30S.")] TimeSpan? TimeoutPerUrl = null,
    [Description("How many requests run at once against one host. Default 4."), Range(1, 64)] int? ConcurrencyPerHost = null)
    : ITaskInput<HttpFetchResult>
{
    /// <summary>What holds without <see cref="MaxBytesPerUrl"/>: 10 MiB.</summary>
    public const long DefaultMaxBytesPerUrl = 10 * 1024 * 1024;

    /// <summary>What holds without <see cref="ConcurrencyPerHost"/>: 4.</summary>
    public const int DefaultConcurrencyPerHost = 4;

    /// <summary>What holds without <see cref="TimeoutPerUrl"/>: 30 seconds.</summary>
    public static readonly TimeSpan DefaultTimeoutPerUrl = TimeSpan.FromSeconds(30);
}

/// <summary>What <see cref="HttpFetch"/> returns.</summary>
/// <param name="Pages">One per URL, in the order of the input.</param>
public sealed record HttpFetchResult(IReadOnlyList<FetchedPage> Pages);

/// <summary>One URL and what came of it.</summary>
/// <param name="Url">The URL as asked for.</param>
/// <param name="Status">The final HTTP status; null if none came.</param>
/// <param name="Bytes">The length of the body read, in bytes.</param>
/// <param name="Sha256">The SHA-256 of the body, lower-case hex; null on an error.</param>
/// <param name="DurationMs">From the first connect to the last byte, in milliseconds.</param>
/// <param name="Error">Why the page could not be fetched; null if it could. A status such as 404 is not an error.</param>
public sealed record FetchedPage(string Url, int? Status, long Bytes, string? Sha256, double DurationMs, string? Error);
