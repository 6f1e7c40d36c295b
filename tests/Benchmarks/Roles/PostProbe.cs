using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// Posts tasks one by one at an even pace, on connections that stay open. A request is sent when it is due, whether or not earlier ones
/// were answered, and its time counts from then on: a slow answer makes all those late that wait behind it.
/// </summary>
internal sealed class PostProbe : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "post-probe";

    private const int Connections = 64;

    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly Uri Tasks = new("v1/tasks", UriKind.Relative);

    private readonly double _rate = double.Parse(Environment.GetEnvironmentVariable(LatencyProbe.RateVariable)!, CultureInfo.InvariantCulture);
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        MaxConnectionsPerServer = Connections,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10),
    })
    {
        BaseAddress = new Uri(Environment.GetEnvironmentVariable(HttpSubmitter.AddressVariable)!),
        Timeout = TimeSpan.FromSeconds(30),
    };

    private readonly byte[] _task = Encoding.UTF8.GetBytes(
        $$"""{"kind":"{{Payload.Kind}}","queue":"{{Environment.GetEnvironmentVariable(LibraryStages.QueueVariable)}}","input":{{Encoding.UTF8.GetString(Payload.Input(Payload.Text))}}}""");

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The report says, as <see cref="LatencyFigures"/>: from due to sent, from sent to answered, from due to answered.</summary>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var posts = new Task<Post>[tasks];
        await EvenPace.CallAsync(tasks, _rate, (index, due) => posts[index] = PostAsync(due, cancellationToken));
        var done = await Task.WhenAll(posts);
        var more = LatencyFigures.ToText(
            Latency.Of(done.Select(post => Stopwatch.GetElapsedTime(post.Due, post.Sent))),
            Latency.Of(done.Select(post => Stopwatch.GetElapsedTime(post.Sent, post.Answered))),
            Latency.Of(done.Select(post => Stopwatch.GetElapsedTime(post.Due, post.Answered))));
        return new RoleReport(began, Stopwatch.GetTimestamp(), done[^1].Id, more);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Post> PostAsync(long due, CancellationToken cancellationToken)
    {
        var sent = Stopwatch.GetTimestamp();
        using var content = new ByteArrayContent(_task) { Headers = { ContentType = Json } };
        using var answer = await _http.PostAsync(Tasks, content, cancellationToken);
        var answered = Stopwatch.GetTimestamp();
        return answer.StatusCode == HttpStatusCode.Accepted
            ? new Post(due, sent, answered, Guid.Parse(answer.Headers.Location!.OriginalString.AsSpan()[^36..]))
            : throw new BenchFailedException($"POST /v1/tasks answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private sealed record Post(long Due, long Sent, long Answered, Guid Id);
}
