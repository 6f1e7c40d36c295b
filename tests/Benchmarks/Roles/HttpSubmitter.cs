using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A service that submits over HTTP on connections that stay open: NDJSON batches, or one <c>POST</c> a task when a batch is one.</summary>
internal sealed class HttpSubmitter : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "http-submitter";

    /// <summary>Environment variable: the Producer's address.</summary>
    public const string AddressVariable = "BENCH_HTTP";

    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue Ndjson = new("application/x-ndjson");

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10) })
    {
        BaseAddress = new Uri(Environment.GetEnvironmentVariable(AddressVariable)!),
        Timeout = TimeSpan.FromMinutes(2),
    };

    // The same bytes again and again: what the client costs is no part of the figures, but it shares the machine.
    private readonly byte[] _task = Encoding.UTF8.GetBytes(
        $$"""{"kind":"{{Payload.Kind}}","queue":"{{Environment.GetEnvironmentVariable(LibraryStages.QueueVariable)}}","input":{{Encoding.UTF8.GetString(Payload.Input(Payload.Text))}}}""");

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
        => Callers.RunAsync(tasks, count => count == 1 ? SubmitOneAsync(cancellationToken) : SubmitBatchAsync(count, cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Guid> SubmitOneAsync(CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(_task) { Headers = { ContentType = Json } };
        using var answer = await _http.PostAsync(new Uri("v1/tasks", UriKind.Relative), content, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.Accepted)
            throw new BenchFailedException($"POST /v1/tasks answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return Guid.Parse(answer.Headers.Location!.OriginalString.AsSpan()[^36..]);
    }

    private async Task<Guid> SubmitBatchAsync(int count, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(Lines(count)) { Headers = { ContentType = Ndjson } };
        using var answer = await _http.PostAsync(new Uri("v1/tasks/batch", UriKind.Relative), content, cancellationToken);
        var lines = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK || Accepted(lines) != count)
            throw new BenchFailedException($"POST /v1/tasks/batch answered {(int)answer.StatusCode}, {Accepted(lines)} of {count} accepted: {Encoding.UTF8.GetString(lines)[..Math.Min(500, lines.Length)]}");
        var last = lines.AsSpan().TrimEnd((byte)'\n');
        return JsonDocument.Parse(last[(last.LastIndexOf((byte)'\n') + 1)..].ToArray()).RootElement.GetProperty("id").GetGuid();
    }

    private byte[] Lines(int count)
    {
        var lines = new byte[count * (_task.Length + 1)];
        for (var i = 0; i < count; i++)
        {
            _task.CopyTo(lines, i * (_task.Length + 1));
            lines[((i + 1) * (_task.Length + 1)) - 1] = (byte)'\n';
        }

        return lines;
    }

    private static int Accepted(ReadOnlySpan<byte> lines) => lines.Count("\"status\":202"u8);
}
