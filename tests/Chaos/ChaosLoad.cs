using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.Chaos;

/// <summary>Submits mixed tasks, as fast as they are accepted up to the rate, calls some off, and remembers what was accepted and how it should end.</summary>
public sealed class ChaosLoad : IAsyncDisposable
{
    private const int BatchesPerSecond = 4;

    // A producer that is frozen or has no ledger keeps its batch waiting; the others are to have work all the same.
    private const int MostBatchesAtOnce = 16;

    private readonly ChaosSystem _system;
    private readonly ChaosOptions _options;
    private LocalWebServer _pages = null!;
    private readonly ConcurrentDictionary<string, int> _visits = new(StringComparer.Ordinal);
    private readonly Random _random;
    private int _page;
    private int _unanswered;

    private ChaosLoad(ChaosSystem system, ChaosOptions options) => (_system, _options, _random) = (system, options, new Random(options.Seed));

    /// <summary>What was answered with 202, with the state that it must end in; null: cancelled or succeeded, whichever came first.</summary>
    public ConcurrentDictionary<Guid, string?> Accepted { get; } = new();

    /// <summary>How often each page was fetched: the executions of its task, counted by somebody else.</summary>
    public IReadOnlyDictionary<string, int> Visits => _visits;

    /// <summary>Batches whose answer never came: their tasks may or may not be in the ledger.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Batches that were refused, by status.</summary>
    public ConcurrentDictionary<int, int> Refused { get; } = new();

    /// <summary>Prepares the load and the web server that its tasks fetch from.</summary>
    public static async Task<ChaosLoad> StartAsync(ChaosSystem system, ChaosOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var load = new ChaosLoad(system, options);
        load._pages = await LocalWebServer.StartAsync(load.VisitAsync);
        return load;
    }

    /// <summary>Submits until the token comes, and returns when the last answer is here.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / BatchesPerSecond));
        var underWay = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                underWay.RemoveAll(batch => batch.IsCompletedSuccessfully);
                if (underWay.Count == MostBatchesAtOnce)
                    continue;
                var producer = _system.Producers[_random.Next(_system.Producers.Count)];
                underWay.Add(SubmitAsync(producer, [.. Enumerable.Range(0, Math.Max(1, _options.Rate / BatchesPerSecond)).Select(_ => Draw())]));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(underWay);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _pages.DisposeAsync();

    private async Task SubmitAsync(Replica producer, IReadOnlyList<(string Line, string? End)> tasks)
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            using var content = new StringContent(string.Join('\n', tasks.Select(task => task.Line)), Encoding.UTF8, "application/x-ndjson");
            using var answer = await producer.Process.Http.PostAsync(new Uri("v1/tasks/batch", UriKind.Relative), content, patience.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                Refused.AddOrUpdate((int)answer.StatusCode, 1, static (_, n) => n + 1);
                return;
            }

            var toCancel = Remember(await answer.Content.ReadAsStringAsync(patience.Token), tasks);
            foreach (var id in toCancel)
            {
                using var cancelled = await producer.Process.Http.PostAsync(new Uri($"v1/tasks/{id}/cancel", UriKind.Relative), null, patience.Token);
            }
        }
        catch (Exception lost) when (lost is HttpRequestException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            Interlocked.Increment(ref _unanswered);
        }
    }

    private List<Guid> Remember(string answer, IReadOnlyList<(string Line, string? End)> tasks)
    {
        var toCancel = new List<Guid>();
        foreach (var line in answer.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var said = JsonNode.Parse(line)!;
            var status = said["status"]!.GetValue<int>();
            if (status != StatusCodes.Status202Accepted)
            {
                Refused.AddOrUpdate(status, 1, static (_, n) => n + 1);
                continue;
            }

            var id = said["id"]!.GetValue<Guid>();
            var end = tasks[said["index"]!.GetValue<int>()].End;
            Accepted[id] = end;
            if (end is null)
                toCancel.Add(id);
        }

        return toCancel;
    }

    /// <summary>One line of a batch and how its task must end.</summary>
    private (string Line, string? End) Draw()
    {
        var wait = _random.Next(20, 800);
        return _random.Next(100) switch
        {
            < 55 => (Echo(""), "succeeded"),
            < 70 => (Echo(string.Create(CultureInfo.InvariantCulture, $",\"wait\":\"PT{wait / 1000.0:0.###}S\",\"progressSteps\":3")), "succeeded"),
            < 80 => (Echo(string.Create(CultureInfo.InvariantCulture, $",\"failTimes\":{_random.Next(1, 3)}")), "succeeded"),
            < 84 => (Echo(",\"failTimes\":9", ",\"maxAttempts\":2"), "failed"),
            < 90 => (Echo("", string.Create(CultureInfo.InvariantCulture, $",\"delay\":\"PT{_random.Next(1, 8)}S\"")), "succeeded"),
            < 97 => (Fetch(), "succeeded"),
            _ => (Echo(",\"wait\":\"PT3S\""), null),
        };
    }

    private static string Echo(string input, string options = "") => $$$"""{"kind":"debug.echo","input":{"message":"chaos"{{{input}}}}{{{options}}}}""";

    private string Fetch() => $$$"""{"kind":"http.fetch","input":{"urls":["{{{_pages.Url($"page/{++_page}")}}}"]}}""";

    private Task VisitAsync(HttpContext context)
    {
        _visits.AddOrUpdate(context.Request.Path.Value ?? "", 1, static (_, visits) => visits + 1);
        return context.Response.WriteAsync("hello");
    }
}
