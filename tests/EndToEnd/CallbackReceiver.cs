using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Messaging.Contracts.Callbacks;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.EndToEnd;

/// <summary>A callback as it came: its headers by name, its body byte by byte.</summary>
internal sealed record ReceivedCallback(IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Id => Headers[CallbackSignature.IdHeader];

    public string Timestamp => Headers[CallbackSignature.TimestampHeader];

    public string Signatures => Headers[CallbackSignature.SignatureHeader];

    public JsonNode Json => JsonNode.Parse(Body)!;

    public bool IsSignedWith(byte[] secret) => CallbackSignature.Verify(Id, Timestamp, Signatures, Body, secret, TimeProvider.System.GetUtcNow());

    /// <summary>The same with another header.</summary>
    public ReceivedCallback With(string header, string value) =>
        this with { Headers = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase) { [header] = value } };
}

/// <summary>A receiver of callbacks on this machine.</summary>
internal sealed class CallbackReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private LocalWebServer _web = null!;

    /// <summary>What came under each id; the last time it came.</summary>
    public ConcurrentDictionary<string, ReceivedCallback> Messages { get; } = new();

    public int Requests => _web.Requests;

    public string Url => _web.Url("hook");

    /// <summary>Starts one.</summary>
    /// <param name="answer">Answers; 200 when not given.</param>
    public static async Task<CallbackReceiver> StartAsync(RequestDelegate? answer = null)
    {
        var receiver = new CallbackReceiver();
        receiver._web = await LocalWebServer.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            if (answer is not null)
                await answer(context);
            var message = new ReceivedCallback(
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray());
            receiver.Messages[message.Id] = message;
        });
        return receiver;
    }

    /// <summary>Awaits that so many different ones are here.</summary>
    public Task<int> AwaitAsync(int messages, TimeSpan? limit = null) => Eventually.GetAsync(_ => Task.FromResult(Messages.Count), seen => seen >= messages, limit ?? Limit);

    /// <summary>Awaits the one about a task.</summary>
    public async Task<ReceivedCallback> OfAsync(JsonNode task)
    {
        var id = task["id"]!.GetValue<string>();
        return (await Eventually.GetAsync(
            _ => Task.FromResult(Messages.Values.FirstOrDefault(message => message.Json["data"]!["id"]!.GetValue<string>() == id)), seen => seen is not null, Limit))!;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
