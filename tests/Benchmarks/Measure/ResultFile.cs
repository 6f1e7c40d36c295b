using System.Text.Json;
using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>A result as JSON, for comparing with earlier ones.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes <c>&lt;case&gt;.json</c> and returns its path.</summary>
    public static async Task<string> WriteAsync(CaseResult result, string folder, CancellationToken cancellationToken)
    {
        var floor = result.Contestants[0];
        var json = new JsonObject
        {
            ["case"] = result.Case,
            ["conditions"] = Node(result.Conditions),
            ["machine"] = Node(result.Machine),
            ["contestants"] = new JsonArray([.. result.Contestants.Select(c => new JsonObject
            {
                ["name"] = c.Name,
                ["tasksPerSecond"] = Node(c.Rate),
                ["tasksPerSecondToFloor"] = c.Rate.Median / floor.Rate.Median,
                ["cpuMicrosecondsPerTask"] = Node(c.CpuPerTask),
                ["cpuToFloor"] = c.CpuPerTask.Median / floor.CpuPerTask.Median,
                ["cpuMicrosecondsPerTaskByPart"] = Node(c.CpuByPart),
                ["upkeepMicrosecondsPerTask"] = Node(c.UpkeepPerTask),
                ["othersShareOfMachine"] = Node(c.Elsewhere),
                ["runs"] = Node(c.Samples.Select(s => new { s.Rate, s.CpuPerTask, ElapsedSeconds = s.Elapsed.TotalSeconds })),
            })]),
        };
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{result.Case}.json");
        await File.WriteAllTextAsync(path, json.ToJsonString(Indented) + "\n", cancellationToken);
        return path;
    }

    private static JsonNode? Node<T>(T value) => JsonSerializer.SerializeToNode(value, Indented);
}
