using System.Diagnostics;
using System.Text.Json;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>A route to ask again and again.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Path">Its address; another one each time, where an answer depends on the place in the list.</param>
internal sealed record Route(string Name, Func<Random, string> Path)
{
    /// <summary>A route whose address is its name.</summary>
    public static Route Fixed(string path) => new(path, _ => path);
}

/// <summary>Asks a Producer over HTTP, one request after the other, and measures until the last byte of each answer.</summary>
/// <param name="http">A client whose base address is the Producer's.</param>
internal sealed class RouteProbe(HttpClient http)
{
    // A fixed seed: two runs ask for the same places.
    private readonly Random _random = new(1);

    /// <summary>Asks every route in turns, so that none has the caches to itself.</summary>
    /// <param name="routes">What to ask.</param>
    /// <param name="requests">How often each, beside one round that does not count.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<RouteLatency>> AskAsync(IReadOnlyList<Route> routes, int requests, CancellationToken cancellationToken)
    {
        var answers = routes.ToDictionary(route => route, _ => new List<RouteAnswer>(requests));
        for (var round = 0; round <= requests; round++)
        {
            foreach (var route in routes)
            {
                var answer = await AskAsync(route.Path(_random), cancellationToken);
                if (round > 0)
                    answers[route].Add(answer);
            }
        }

        return [.. routes.Select(route => RouteLatency.Of(route.Name, answers[route]))];
    }

    /// <summary>Follows a list from page to page until its end.</summary>
    public async Task<RouteLatency> WalkAsync(string name, string path, CancellationToken cancellationToken)
    {
        var answers = new List<RouteAnswer>();
        for (var next = path; next is not null; next = answers[^1].Next)
            answers.Add(await AskAsync(next, cancellationToken));
        return RouteLatency.Of(name, answers);
    }

    private async Task<RouteAnswer> AskAsync(string path, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        var took = Stopwatch.GetElapsedTime(began);
        if (!answer.IsSuccessStatusCode)
            throw new BenchFailedException($"GET {path} answered {(int)answer.StatusCode}: {System.Text.Encoding.UTF8.GetString(body)}");
        using var json = JsonDocument.Parse(body);
        var items = json.RootElement.TryGetProperty("items", out var list) ? list.GetArrayLength() : 1;
        var cutShort = json.RootElement.TryGetProperty("searchedUntil", out var until) && until.ValueKind != JsonValueKind.Null;
        var next = answer.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : null;
        return new RouteAnswer(took, items, cutShort, next);
    }
}
