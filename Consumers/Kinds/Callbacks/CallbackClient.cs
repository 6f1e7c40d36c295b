using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Messaging.Contracts.Callbacks;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Outbound;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Options;

namespace Messaging.Consumers.Kinds.Callbacks;

/// <summary>What came of one request.</summary>
/// <param name="Attempt">For the delivery's log; without its number.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone; null: it did not say.</param>
internal sealed record CallbackAnswer(CallbackAttempt Attempt, TimeSpan? RetryAfter);

/// <summary>
/// The worker's one pool of connections for callbacks. It signs and sends, and nothing on top: no redirects, cookies, proxy or credentials; and it connects only
/// where <see cref="AddressGuard"/> lets it. Of an answer it reads the status and the header <c>Retry-After</c>. Safe to use from several threads.
/// </summary>
internal sealed class CallbackClient : IDisposable
{
    /// <summary>Nobody is left alone for longer.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    private const string UserAgent = "Messaging-callback/1.0";

    private static readonly MediaTypeHeaderValue Json = new("application/json") { CharSet = "utf-8" };

    private readonly HttpMessageInvoker _http;
    private readonly TimeSpan _timeout;
    private readonly LedgerClock _clock;
    private readonly TimeProvider _time;

    /// <summary>Makes the pool; connections come with the requests.</summary>
    /// <param name="options">What may be reached, and how long it may take.</param>
    /// <param name="clock">The ledger's clock: what receivers compare with their own.</param>
    /// <param name="time">For durations.</param>
    /// <param name="connect">Opens connections; null: with what the options allow.</param>
    public CallbackClient(IOptions<CallbackOptions> options, LedgerClock clock, TimeProvider time, GuardedConnector? connect = null)
    {
        (_timeout, _clock, _time) = (options.Value.Timeout, clock, time);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = (connect ?? new GuardedConnector(options.Value.Rules)).ConnectAsync,
            MaxResponseDrainSize = 64 * 1024,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            UseCookies = false,
            UseProxy = false,
        });
    }

    /// <summary>Sends a callback once. What goes wrong is in the answer.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. A receiver that takes too long is an answer instead.</exception>
    public async Task<CallbackAnswer> SendAsync(Uri url, string id, ReadOnlyMemory<byte> body, IReadOnlyList<byte[]> secrets, CancellationToken cancellationToken)
    {
        var sentAt = _clock.Now;
        var began = _time.GetTimestamp();
        using var limit = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var request = Request(url, id, sentAt, body, secrets);
            using var response = await _http.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            return new CallbackAnswer(
                new CallbackAttempt(sentAt, 0, _time.GetElapsedTime(began), status, ErrorOf(status)), RetryAfter(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(FormattableString.Invariant($"it took longer than {_timeout.TotalSeconds:0.###} s"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Failed(RequestErrors.Describe(e));
        }

        CallbackAnswer Failed(string error) => new(new CallbackAttempt(sentAt, 0, _time.GetElapsedTime(began), null, error), null);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(Uri url, string id, DateTimeOffset sentAt, ReadOnlyMemory<byte> body, IReadOnlyList<byte[]> secrets)
    {
        var timestamp = sentAt.ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = Json;
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        request.Headers.TryAddWithoutValidation(CallbackSignature.IdHeader, id);
        request.Headers.TryAddWithoutValidation(CallbackSignature.TimestampHeader, timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(CallbackSignature.SignatureHeader, CallbackSignature.Sign(id, timestamp, body.Span, secrets));
        return request;
    }

    private static string? ErrorOf(int status) => status switch
    {
        >= 200 and < 300 => null,
        >= 300 and < 400 => $"it answered {status}; redirects are not followed",
        410 => "it answered 410: it wants no more",
        _ => $"it answered {status}",
    };

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var wait = header?.Delta ?? (header?.Date is { } date ? date - _clock.Now : null);
        return wait is not { } asked ? null
            : asked < TimeSpan.Zero ? TimeSpan.Zero
            : asked > LongestRetryAfter ? LongestRetryAfter : asked;
    }
}
