using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;

namespace Messaging.Tests.Support.Web;

/// <summary>
/// Does what a browser's <c>EventSource</c> does (WHATWG HTML section 9.2): reconnects whenever the connection ends, with the last id that it
/// has seen, and stops at any answer but 200.
/// </summary>
public sealed class EventSourceClient : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<ReceivedEvent> _events = Channel.CreateUnbounded<ReceivedEvent>();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Func<Uri> _address;
    private readonly TaskCompletionSource<HttpStatusCode> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private string _lastEventId = "";

    /// <summary>Connects.</summary>
    /// <param name="address">Asked at each connection.</param>
    public EventSourceClient(Func<Uri> address)
    {
        _address = address;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Completes when the first answer has begun.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Completes with the status that ended it.</summary>
    public Task<HttpStatusCode> Closed => _closed.Task;

    /// <summary>How many answers have begun.</summary>
    public int Connections { get; private set; }

    /// <summary>Awaits the next event.</summary>
    public ValueTask<ReceivedEvent> NextAsync(CancellationToken cancellationToken) => _events.Reader.ReadAsync(cancellationToken);

    /// <summary>Takes the events that there are now.</summary>
    public IReadOnlyList<ReceivedEvent> Take()
    {
        var events = new List<ReceivedEvent>();
        while (_events.Reader.TryRead(out var next))
            events.Add(next);
        return events;
    }

    /// <summary>Stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = TimeSpan.FromMilliseconds(500);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, _address());
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
                if (_lastEventId.Length > 0)
                    request.Headers.Add("Last-Event-ID", _lastEventId);
                using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
                if (answer.StatusCode != HttpStatusCode.OK)
                {
                    _closed.TrySetResult(answer.StatusCode);
                    return;
                }

                Connections++;
                _opened.TrySetResult();
                using var reader = new EventStreamReader(await answer.Content.ReadAsStreamAsync(_stop.Token), _lastEventId);
                try
                {
                    while (await reader.NextAsync(_stop.Token) is { } next)
                        _events.Writer.TryWrite(next);
                }
                finally
                {
                    _lastEventId = reader.LastEventId;
                    pause = TimeSpan.FromMilliseconds(reader.Retry ?? 500);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException || _stop.IsCancellationRequested)
            {
                // The network: it tries again.
            }

            await Task.Delay(pause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
