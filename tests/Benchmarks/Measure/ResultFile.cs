using System.Text.Json;
using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>A result as JSON, for comparing with earlier ones.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes <c>&lt;case&gt;.json</c> and returns its path.</summary>
    public static async Task<string> WriteAsync(IBenchResult result, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{result.Case}.json");
        await File.WriteAllTextAsync(path, result.ToJson().ToJsonString(Indented) + "\n", cancellationToken);
        return path;
    }

    /// <summary>A part of a result as JSON.</summary>
    public static JsonNode? Node<T>(T value) => JsonSerializer.SerializeToNode(value, Indented);
}
