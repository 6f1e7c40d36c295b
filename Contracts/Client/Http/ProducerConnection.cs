using System.Net.Http.Headers;
using Messaging.Contracts.Http;
using Microsoft.Extensions.Logging;

namespace Messaging.Contracts.Client.Http;

/// <summary>
/// The connections to the Producers: sends requests, repeats those that may be, and moves on to the next Producer when one does not answer. HttpClient
/// passes on the current trace context (<c>traceparent</c>) by itself.
/// </summary>
internal sealed class ProducerConnection : IDisposable
{
    // New addresses behind a host name are found within that time.
    private static readonly TimeSpan ConnectionAge = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient _requests;
    private readonly HttpClient _streams;
    private readonly Uri[] _addresses;
    private readonly AuthenticationHeaderValue? _key;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly ILogger? _log;
    private int _current;

    public ProducerConnection(MessagingClientOptions options, TimeProvider time, ILogger? log)
    {
        (_patience, _time, _log) = (options.RequestTimeout, time, log);
        _addresses = [.. options.OtherAddresses.Prepend(options.BaseAddress!).Select(WithSlash)];
        _key = options.ApiKey is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
        _requests = Client(options.Handler, options.MaxConnections);
        _streams = Client(options.Handler, int.MaxValue); // each stays open
    }

    /// <summary>The place of the Producer that is in use.</summary>
    public int Current => Volatile.Read(ref _current);

    /// <summary>Sends a request until it is answered, and reads the answer.</summary>
    /// <param name="ask">What to ask.</param>
    /// <param name="limit">How long it may be repeated.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ProblemException">It was refused.</exception>
    /// <exception cref="ProducerUnavailableException">Nobody answered.</exception>
    public Task<Answer> AskAsync(Ask ask, TimeSpan limit, CancellationToken cancellationToken) =>
        RepeatAsync(ask, new RetryPace(limit, _time), ReadAsync, cancellationToken);

    /// <summary>Sends a request until it is answered with success; the caller reads the body and disposes it.</summary>
    /// <param name="ask">What to ask.</param>
    /// <param name="pace">How long it may be repeated.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ProblemException">It was refused.</exception>
    /// <exception cref="ProducerUnavailableException">Nobody answered.</exception>
    public Task<HttpResponseMessage> OpenAsync(Ask ask, RetryPace pace, CancellationToken cancellationToken) =>
        RepeatAsync(ask, pace, OpenedAsync, cancellationToken);

    /// <summary>Sends a request once.</summary>
    /// <param name="ask">What to ask.</param>
    /// <param name="producer">Which one: <see cref="Current"/>.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Exception">An outage (<see cref="Trouble.IsOutage"/>); a silence is a <see cref="TimeoutException"/>.</exception>
    public async Task<T> TryAsync<T>(Ask ask, int producer, Func<HttpResponseMessage, Patience, Task<T>> read, CancellationToken cancellationToken)
    {
        using var patience = new Patience(ask.Patience ?? _patience, _time, cancellationToken);
        using var request = new HttpRequestMessage(ask.Method, new Uri(_addresses[producer], ask.Path)) { Content = BodyOf(ask, patience) };
        request.Headers.Authorization = _key;
        foreach (var (name, value) in ask.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            var client = ask.IsStream ? _streams : _requests;
            return await read(await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token), patience);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) // our patience, or a connection that does not come about
        {
            throw patience.Exception(_addresses[producer], e);
        }
    }

    /// <summary>Pauses after a failed try, on to the next Producer if that may help. False: there is no further try.</summary>
    public async Task<bool> PauseAsync(Trouble trouble, int producer, RetryPace pace, CancellationToken cancellationToken)
    {
        var moves = trouble.IsOfThisProducer && _addresses.Length > 1;
        // What one Producer asks for is no reason to let another wait.
        if (pace.Next(moves ? TimeSpan.Zero : trouble.RetryAfter) is not { } pause)
            return false;
        if (moves)
            Interlocked.CompareExchange(ref _current, (producer + 1) % _addresses.Length, producer); // once, for all that were under way
        _log?.Retrying(_addresses[producer], trouble.ToString(), pause.TotalSeconds, pace.Tries);
        await Task.Delay(pause, _time, cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _requests.Dispose();
        _streams.Dispose();
    }

    private static Uri WithSlash(Uri address) =>
        address.AbsolutePath.EndsWith('/') ? address : new UriBuilder(address) { Path = address.AbsolutePath + "/" }.Uri;

    private static HttpClient Client(HttpMessageHandler? handler, int connections)
    {
        var own = handler is null;
        handler ??= new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectTimeout,
            MaxConnectionsPerServer = connections,
            PooledConnectionLifetime = ConnectionAge,
            UseCookies = false,
        };
        return new HttpClient(handler, disposeHandler: own) { Timeout = Timeout.InfiniteTimeSpan }; // each try has its own patience
    }

    private static HttpContent? BodyOf(Ask ask, Patience patience)
    {
        var body = ask.Body?.Invoke();
        return body?.Headers.ContentLength > HeardContent.Piece ? new HeardContent(body, patience.Renew) : body;
    }

    private async Task<T> RepeatAsync<T>(
        Ask ask, RetryPace pace, Func<HttpResponseMessage, Patience, Task<(T? Useful, Problem? Problem)>> read, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var producer = Current;
            Trouble trouble;
            try
            {
                var (useful, problem) = await TryAsync(ask, producer, read, cancellationToken);
                if (problem is null)
                    return useful!;
                trouble = new Trouble(problem, null);
            }
            catch (Exception e) when (Trouble.IsOutage(e))
            {
                trouble = new Trouble(null, e);
            }

            if (!trouble.MayPass || !(ask.IsRepeatable || trouble.DidNothing) || !await PauseAsync(trouble, producer, pace, cancellationToken))
                throw trouble.ToException(pace.Tries, ask.IdempotencyKey);
        }
    }

    private static async Task<(Answer? Useful, Problem? Problem)> ReadAsync(HttpResponseMessage response, Patience patience)
    {
        using (response)
        {
            var answer = await Answer.ReadAsync(response, patience.Token);
            return (answer, answer.Problem);
        }
    }

    private static async Task<(HttpResponseMessage? Useful, Problem? Problem)> OpenedAsync(HttpResponseMessage response, Patience patience) =>
        response.IsSuccessStatusCode ? (response, null) : (null, (await ReadAsync(response, patience)).Problem);
}
