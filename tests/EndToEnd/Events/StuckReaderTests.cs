using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Web;

namespace Messaging.Tests.EndToEnd.Events;

/// <summary>Clients that open a stream and never read.</summary>
[CancelAfter(240_000)]
public sealed class StuckReaderTests
{
    private const int Stuck = 20;
    private const int Tasks = 2_500;
    private const long Megabyte = 1024 * 1024;
    private static readonly string[] Life = ["task.queued", "task.running", "task.succeeded"];

    [Test]
    public async Task Streams_that_nobody_reads_are_cut_off_take_little_memory_and_hold_up_no_other(CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartAsync(
            consumers: 1,
            producerEnvironment: new Dictionary<string, string?>
            {
                ["Messaging__Events__SlowestWrite"] = "00:00:10",
                ["Messaging__Events__MaxWideStreams"] = $"{Stuck + 1}",
            });
        using var http = new HttpClient { BaseAddress = system.Producer.Address, Timeout = Timeout.InfiniteTimeSpan };
        using var answer = await http.GetAsync(new Uri("v1/events?tag=heavy", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var stream = new EventStreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        // First without them: what the work itself takes.
        var (alone, aloneBytes) = await RoundAsync(system, stream, cancellationToken);
        var before = PeakMegabytes(system);

        var address = new Uri(system.Producer.Address, "v1/events?tag=heavy");
        var stuck = await Task.WhenAll(Enumerable.Range(0, Stuck).Select(_ => StuckReader.OpenAsync(address, cancellationToken)));
        var places = new List<HttpResponseMessage>();
        Assert.That(await TakePlacesAsync(http, places, cancellationToken), Is.Zero, "all are taken");
        var (beside, besideBytes) = await RoundAsync(system, stream, cancellationToken);
        await Eventually.GetAsync(token => TakePlacesAsync(http, places, token), taken => taken == Stuck, TimeSpan.FromSeconds(60), cancellationToken);
        var grown = PeakMegabytes(system) - before;
        var sent = await Task.WhenAll(stuck.Select(reader => reader.ReadToEndAsync(cancellationToken)));
        await TestContext.Out.WriteLineAsync(
            $"{besideBytes / Megabyte} MiB of events a stream; at most {sent.Max() / Megabyte} MiB had been sent to one that did not read; the producer's peak of {before} MiB grew by {grown} MiB");

        Assert.That(Incomplete(alone), Is.Empty);
        Assert.That(Incomplete(beside), Is.Empty, "who reads misses nothing");
        Assert.That(aloneBytes, Is.GreaterThan(12 * Megabyte), "more than any buffer on the way holds");
        Assert.That(sent, Has.All.Positive.And.All.LessThan(besideBytes / 2), "cut off in the middle");
        Assert.That(grown, Is.LessThan(Stuck * besideBytes / Megabyte / 4));
        foreach (var one in stuck.Concat<IDisposable>(places))
            one.Dispose();
    }

    /// <summary>Has tasks run whose events are large, and reads them all.</summary>
    private static async Task<(Dictionary<string, List<string>> Seen, long Bytes)> RoundAsync(
        RunningSystem system, EventStreamReader stream, CancellationToken cancellationToken)
    {
        var padding = string.Join(',', Enumerable.Range(10, 19).Select(n => $"\"{new string('x', 98)}{n}\""));
        var submitting = system.SubmitEchoesAsync(Tasks, more: $",\"tags\":[\"heavy\",{padding}]");
        var seen = new Dictionary<string, List<string>>();
        var ended = new HashSet<string>();
        var bytes = 0L;
        while (ended.Count < Tasks)
        {
            var e = await stream.NextAsync(cancellationToken) ?? throw new EndOfStreamException($"The stream ended after {ended.Count} tasks: {string.Join(' ', stream.Comments)}");
            bytes += e.Data.Length;
            var id = (string)JsonNode.Parse(e.Data)!["id"]!;
            if (!seen.TryGetValue(id, out var names))
                seen[id] = names = [];
            names.Add(e.Name);
            if (e.Name == Life[^1])
                ended.Add(id);
        }

        await submitting;
        return (seen, bytes);
    }

    private static IEnumerable<string> Incomplete(Dictionary<string, List<string>> seen) =>
        seen.Where(task => !task.Value.Distinct().SequenceEqual(Life)).Select(task => $"{task.Key}: {string.Join(' ', task.Value)}").Take(3);

    /// <summary>Opens streams as long as there is room, and keeps them; answers how many there are.</summary>
    private static async Task<int> TakePlacesAsync(HttpClient http, List<HttpResponseMessage> places, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await http.GetAsync(new Uri("v1/events?tag=nobody-has-it", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                answer.Dispose();
                return places.Count;
            }

            places.Add(answer);
        }
    }

    private static long PeakMegabytes(RunningSystem system)
    {
        using var process = Process.GetProcessById(system.Producer.Process.Id);
        return process.PeakWorkingSet64 / Megabyte;
    }
}
