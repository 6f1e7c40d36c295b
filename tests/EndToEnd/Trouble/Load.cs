using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Npgsql;

namespace Messaging.Tests.EndToEnd.Trouble;

/// <summary>Clients that submit one task after the other, whatever happens, and remember what they were promised.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly RunningSystem _system;
    private readonly string _body;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _clients;
    private long _longest;
    private int _refused;

    private Load(RunningSystem system, int clients, string wait, int weight)
    {
        _system = system;
        _body = JsonSerializer.Serialize(new { kind = "debug.echo", input = new { message = new string('m', weight), wait } });
        _clients = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(SubmitUntilStoppedAsync))];
    }

    /// <summary>The tasks that were accepted.</summary>
    public ConcurrentQueue<Guid> Accepted { get; } = new();

    /// <summary>Answers that were neither 202 nor a 503 with <c>Retry-After</c>.</summary>
    public ConcurrentQueue<string> Surprises { get; } = new();

    /// <summary>How many times the answer was 503.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The longest time until an answer.</summary>
    public TimeSpan Longest => new(Interlocked.Read(ref _longest));

    /// <summary>Starts the clients.</summary>
    /// <param name="system">Where they submit.</param>
    /// <param name="clients">How many.</param>
    /// <param name="wait">How long each task takes.</param>
    /// <param name="weight">How many characters each task carries.</param>
    public static Load Start(RunningSystem system, int clients = 4, string wait = "PT0.05S", int weight = 10) => new(system, clients, wait, weight);

    /// <summary>Awaits that so many more were accepted: the trouble is over for those who submit.</summary>
    public Task GoesOnAsync(int more = 20, TimeSpan? limit = null)
    {
        var before = Accepted.Count;
        return Eventually.GetAsync(() => Accepted.Count, now => now >= before + more, limit ?? TimeSpan.FromSeconds(60));
    }

    /// <summary>Ends the submitting, awaits that everything has drained, and asserts that each accepted task has succeeded, once, on its first attempt.</summary>
    public async Task CheckAsync(TimeSpan limit)
    {
        await StopAsync();
        await _system.DrainedAsync(limit);
        Assert.That(Surprises.Take(3), Is.Empty);
        await using var connection = await _system.ConnectAsync();
        await using var missing = new NpgsqlCommand(
            """
            SELECT count(*) FROM unnest($1::uuid[]) AS a(id)
            WHERE NOT EXISTS (SELECT FROM messaging.outcomes o WHERE o.task_id = a.id AND o.state = 4 AND o.attempt = 1)
            """,
            connection);
        missing.Parameters.Add(new NpgsqlParameter { Value = Accepted.ToArray() });
        Assert.That(await missing.ExecuteScalarAsync(), Is.Zero, "accepted, but not succeeded on attempt 1");
        Assert.That(
            await _system.CountAsync("tasks t WHERE NOT EXISTS (SELECT FROM messaging.outcomes o WHERE o.task_id = t.id)"), Is.Zero, "half a task");
        Assert.That(await _system.CountAsync("outcomes WHERE state <> 4"), Is.Zero);
        await TestContext.Out.WriteLineAsync($"{Accepted.Count} accepted, {Refused} answered 503, longest answer {Longest.TotalSeconds:0.0} s");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    private async Task SubmitUntilStoppedAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await SubmitAsync();
            }
            catch (Exception e)
            {
                Surprises.Enqueue($"{e.GetType().Name}: {e.Message}");
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    private async Task SubmitAsync()
    {
        var asked = Stopwatch.GetTimestamp();
        using var content = new StringContent(_body, Encoding.UTF8, "application/json");
        using var answer = await _system.Producer.Http.PostAsync(new Uri("v1/tasks", UriKind.Relative), content);
        var text = await answer.Content.ReadAsStringAsync();
        var ticks = Stopwatch.GetElapsedTime(asked).Ticks;
        for (var seen = Interlocked.Read(ref _longest); ticks > seen && Interlocked.CompareExchange(ref _longest, ticks, seen) != seen;)
            seen = Interlocked.Read(ref _longest);
        if (answer.StatusCode == HttpStatusCode.Accepted)
        {
            Accepted.Enqueue(Guid.Parse((string)JsonNode.Parse(text)!["id"]!));
            return;
        }

        Interlocked.Increment(ref _refused);
        if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || answer.Headers.RetryAfter is null)
            Surprises.Enqueue($"{(int)answer.StatusCode} {text}");
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
    }
}
