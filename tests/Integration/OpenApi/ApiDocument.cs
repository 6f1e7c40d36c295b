using System.Globalization;
using System.Text.Json.Nodes;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>The committed OpenAPI document, as far as tests ask it.</summary>
internal sealed class ApiDocument
{
    /// <summary>Where it is.</summary>
    public static readonly string Path = System.IO.Path.Combine(BuiltOutput.RepositoryRoot, "Producer", "openapi.json");

    private static readonly Lazy<ApiDocument> Read = new(() => new ApiDocument(JsonNode.Parse(File.ReadAllText(Path))!.AsObject()));

    private readonly (string Method, string[] Segments, string Path, JsonObject Operation)[] _operations;

    private ApiDocument(JsonObject root)
    {
        Root = root;
        _operations =
        [
            .. root["paths"]!.AsObject().SelectMany(
                path => path.Value!.AsObject(),
                (path, operation) => (operation.Key.ToUpperInvariant(), path.Key.Split('/'), path.Key, operation.Value!.AsObject())),
        ];
    }

    public static ApiDocument Committed => Read.Value;

    public JsonObject Root { get; }

    /// <summary>All operations: <c>GET /v1/tasks</c>.</summary>
    public IEnumerable<(string Route, JsonObject Operation)> Operations => _operations.Select(o => ($"{o.Method} {o.Path}", o.Operation));

    /// <summary>The operation that a request is of; null if the document has no such. Paths without parameters come first, as the specification has it.</summary>
    public (string Route, JsonObject Operation)? Find(string method, string path)
    {
        var segments = path.Split('/');
        var found = _operations
            .Where(o => o.Method == method && o.Segments.Length == segments.Length && o.Segments.Zip(segments).All(s => s.First is ['{', ..] || s.First == s.Second))
            .OrderBy(o => o.Segments.Count(s => s is ['{', ..]))
            .FirstOrDefault();
        return found.Path is null ? null : ($"{method} {found.Path}", found.Operation);
    }

    /// <summary>The response of a status, or the default one; references are followed.</summary>
    public (JsonObject Response, bool IsDefault) Response(JsonObject operation, int status)
    {
        var responses = operation["responses"]!.AsObject();
        var key = status.ToString(CultureInfo.InvariantCulture);
        return responses.ContainsKey(key) ? (Follow(responses[key]!), false) : (Follow(responses["default"]!), true);
    }

    /// <summary>What a reference is to; itself if it is none.</summary>
    public JsonObject Follow(JsonNode node)
    {
        while (node["$ref"] is { } reference)
        {
            node = ((string)reference!)[2..].Split('/').Aggregate((JsonNode)Root, (from, name) => from[name.Replace("~1", "/", StringComparison.Ordinal)]
                ?? throw new InvalidDataException($"The document has no {reference}."));
        }

        return node.AsObject();
    }
}
