using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Events;
using Messaging.Infrastructure.Store;
using Microsoft.AspNetCore.Http.Features;

namespace Messaging.Producer.Http;

/// <summary>
/// One answer of type <c>text/event-stream</c> (WHATWG HTML, section 9.2, server-sent events): writes events, keeps the connection alive with
/// comments, and gives up on a client that does not read.
/// </summary>
internal sealed class EventStream : IDisposable
{
    /// <summary>The media type.</summary>
    public const string MediaType = "text/event-stream";

    private static readonly byte[] LineBreaks = "\r\n"u8.ToArray();

    private readonly HttpContext _http;
    private readonly EventOptions _options;
    private readonly CancellationTokenSource _end;
    private readonly CancellationToken _stopping;
    private readonly CancellationToken _keyEnded;
    private readonly PeriodicTimer _beat;
    private Task<bool>? _tick;

    private EventStream(HttpContext http, EventOptions options, TimeProvider time, CancellationToken stopping, CancellationToken keyEnded)
    {
        (_http, _options, _stopping, _keyEnded) = (http, options, stopping, keyEnded);
        _end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping, keyEnded);
        _beat = new PeriodicTimer(options.Heartbeat, time);
    }

    /// <summary>Cancelled when the client is gone, its key works no more, or the process stops.</summary>
    public CancellationToken End => _end.Token;

    private IBufferWriter<byte> Body => _http.Response.BodyWriter;

    /// <summary>Prepares the answer: the headers, and how long to wait before a reconnect. <see cref="RunAsync"/> sends them.</summary>
    /// <param name="http">The request.</param>
    /// <param name="options">Times.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">Cancelled when the process stops: the stream ends, so that its client goes elsewhere.</param>
    /// <param name="keyEnded">Cancelled when the key that it was opened with works no more: the stream ends, and its client is not let in again.</param>
    public static EventStream Begin(HttpContext http, EventOptions options, TimeProvider time, CancellationToken stopping, CancellationToken keyEnded)
    {
        var stream = new EventStream(http, options, time, stopping, keyEnded);
        var headers = http.Response.Headers;
        http.Response.ContentType = MediaType;
        headers.CacheControl = "no-store";
        headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // Not all clients of a process that stopped come back at the same moment.
        var retry = options.Reconnect + (options.Reconnect * Random.Shared.NextDouble());
        stream.Write(string.Create(CultureInfo.InvariantCulture, $"retry: {retry.TotalMilliseconds:0}\n\n"));
        return stream;
    }

    /// <summary>Waits for something, and meanwhile writes a comment whenever nothing was written for a while.</summary>
    /// <param name="next">What is waited for.</param>
    /// <param name="id">Asked at each comment: a cursor to be remembered by the client, or null.</param>
    /// <exception cref="OperationCanceledException">The client is gone, or the process stops.</exception>
    public async Task<T> WhenAsync<T>(Task<T> next, Func<string?>? id = null)
    {
        while (!next.IsCompleted)
        {
            _tick ??= _beat.WaitForNextTickAsync(End).AsTask();
            if (await Task.WhenAny(next, _tick) == next)
                break;
            await _tick;
            _tick = null;
            Write(": ping\n\n");
            if (id?.Invoke() is { } kept)
                Keep(kept);
            await FlushAsync();
        }

        return await next;
    }

    /// <summary>Has the client remember an id without an event: without data it is none (section 9.2.6).</summary>
    public void Keep(string id) => Write($"id: {id}\n\n");

    /// <summary>Adds an event to what the next <see cref="FlushAsync"/> sends.</summary>
    public void Add(string id, string name, TaskResponse task) => Add(id, name, JsonSerializer.SerializeToUtf8Bytes(task, HttpJson.Options));

    /// <summary>Adds an event to what the next <see cref="FlushAsync"/> sends.</summary>
    public void Add(string? id, string name, ReadOnlySpan<byte> data)
    {
        if (id is not null)
            Write($"id: {id}\n");
        Write($"event: {name}\n");
        // A line break in a result as a handler wrote it is only white space between its tokens, but would end the field.
        while (true)
        {
            var end = data.IndexOfAny(LineBreaks);
            Body.Write("data: "u8);
            Body.Write(end < 0 ? data : data[..end]);
            Body.Write("\n"u8);
            if (end < 0)
                break;
            data = data[(end + 1)..];
        }

        Body.Write("\n"u8);
    }

    /// <summary>Sends what was added. A client that does not take it in time is cut off.</summary>
    /// <exception cref="OperationCanceledException">The client is gone, or the process stops.</exception>
    public async Task FlushAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(End);
        patience.CancelAfter(_options.SlowestWrite);
        try
        {
            var flushed = await _http.Response.BodyWriter.FlushAsync(patience.Token);
            if (flushed.IsCompleted)
                throw new OperationCanceledException("The client is gone.");
            _beat.Period = _options.Heartbeat; // from now on
        }
        catch (OperationCanceledException) when (!End.IsCancellationRequested && patience.IsCancellationRequested)
        {
            _http.RequestServices.GetRequiredService<ILogger<EventStream>>().ReaderTooSlow(_http.Request.Path, _options.SlowestWrite.TotalSeconds);
            _http.Abort();
            throw;
        }
    }

    /// <summary>Begins a stream and runs it to its end, also when that comes from outside.</summary>
    public async Task RunAsync(Func<Task> write)
    {
        try
        {
            await FlushAsync();
            await write();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            await EndAsync("this producer stops, reconnect to another");
        }
        catch (OperationCanceledException) when (_keyEnded.IsCancellationRequested)
        {
            await EndAsync("the key works no more");
        }
        catch (OperationCanceledException)
        {
            // The client is gone.
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            await EndAsync("the ledger can't be read, reconnect");
        }
    }

    /// <summary>Ends the answer in good order, with a comment that says why; the client reconnects.</summary>
    public async Task EndAsync(string reason)
    {
        if (_http.RequestAborted.IsCancellationRequested)
            return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_http.RequestAborted);
        patience.CancelAfter(TimeSpan.FromSeconds(1));
        Write($": {reason}\n\n");
        try
        {
            await _http.Response.BodyWriter.FlushAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _http.Abort();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _beat.Dispose();
        _end.Dispose();
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, Body);
}
