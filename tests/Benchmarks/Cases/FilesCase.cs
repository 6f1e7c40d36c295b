using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>A large file goes in and out through one producer; how fast, and how much memory that takes.</summary>
internal sealed class FilesCase : IBenchCase
{
    private const long MiB = 1024 * 1024;
    private const long Size = 1024 * MiB;
    private const long QuickSize = 16 * MiB;
    private const long WarmUp = 4 * MiB;

    /// <inheritdoc/>
    public string Name => "files";

    /// <inheritdoc/>
    public string Description => "1 GiB uploaded and downloaded through one producer: MiB/s, and the most memory that it had";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var size = settings.Quick ? QuickSize : Size;
        var repeats = settings.Repeats ?? 1;
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var connections = new ProcessConnections(await servers.CreateDatabaseAsync(Name, cancellationToken), servers.RabbitMq);
        await using var producer = await ProducerProcess.StartAsync(
            connections, new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" }, cancellationToken);
        using var http = new HttpClient { BaseAddress = producer.Address, Timeout = Timeout.InfiniteTimeSpan };
        Console.WriteLine($"{Name}: {size / MiB:N0} MiB");
        await TransferAsync(http, producer.Process.Id, WarmUp, cancellationToken); // what the first use of everything takes is not what is measured
        var runs = new List<(IReadOnlyDictionary<string, double> Up, IReadOnlyDictionary<string, double> Down)>();
        for (var round = 0; round < repeats; round++)
        {
            runs.Add(await TransferAsync(http, producer.Process.Id, size, cancellationToken));
            Console.WriteLine($"  round {round + 1}  upload: {Text(runs[^1].Up)}; download: {Text(runs[^1].Down)}");
        }

        var conditions = new Dictionary<string, string>
        {
            ["file"] = $"{size / MiB:N0} MiB of random bytes",
            ["repeats"] = $"{repeats}, behind one of {WarmUp / MiB} MiB",
        };
        return new FiguresResult(
            Name,
            conditions,
            await servers.FactsAsync(cancellationToken),
            [new FigureRow("upload", [.. runs.Select(run => run.Up)]), new FigureRow("download", [.. runs.Select(run => run.Down)])]);
    }

    private static async Task<(IReadOnlyDictionary<string, double> Up, IReadOnlyDictionary<string, double> Down)> TransferAsync(
        HttpClient http, int producer, long bytes, CancellationToken cancellationToken)
    {
        using var content = new RandomContent(bytes);
        JsonNode? file = null;
        var up = await MeasureAsync(producer, bytes, async () =>
        {
            using var created = await http.PostAsync(new Uri("v1/files", UriKind.Relative), content, cancellationToken);
            file = created.StatusCode == HttpStatusCode.Created ? await created.Content.ReadFromJsonAsync<JsonNode>(cancellationToken) : null;
        });
        if (file is null || (long?)file["size"] != bytes || (string?)file["sha256"] != content.Sha256)
            throw new BenchFailedException($"{bytes:N0} bytes were sent, and the producer says {file?.ToJsonString() ?? "no"}.");

        var address = new Uri($"v1/files/{file["id"]}", UriKind.Relative);
        var hash = "";
        var down = await MeasureAsync(producer, bytes, async () =>
        {
            using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(body, cancellationToken));
        });
        if (hash != content.Sha256)
            throw new BenchFailedException("What came back is not what was sent.");
        using var deleted = await http.DeleteAsync(address, cancellationToken);
        return deleted.StatusCode == HttpStatusCode.NoContent ? (up, down) : throw new BenchFailedException($"The file could not be deleted: {deleted.StatusCode}.");
    }

    private static async Task<IReadOnlyDictionary<string, double>> MeasureAsync(int producer, long bytes, Func<Task> transfer)
    {
        ProcessMemory.TakePeak(producer);
        var before = ProcessMemory.Resident(producer);
        var watch = Stopwatch.StartNew();
        await transfer();
        return new Dictionary<string, double>
        {
            ["MiB/s"] = bytes / (double)MiB / watch.Elapsed.TotalSeconds,
            ["seconds"] = watch.Elapsed.TotalSeconds,
            ["MiB before"] = before,
            ["peak MiB"] = ProcessMemory.TakePeak(producer),
        };
    }

    private static string Text(IReadOnlyDictionary<string, double> figures) =>
        string.Join(", ", figures.Select(figure => string.Create(CultureInfo.InvariantCulture, $"{figure.Key} {figure.Value:0.#}")));
}
