using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Producer.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>The schema of a value: records of the contracts, or JSON Schema (2020-12) for what none describes.</summary>
/// <param name="Json">The schema; null: that of <paramref name="Types"/>.</param>
/// <param name="Types">Records; more than one: any of them.</param>
internal sealed record Shape(string? Json, params Type[] Types)
{
    /// <summary>Any string.</summary>
    public static readonly Shape Text = new("""{"type":"string"}""");

    /// <summary>A UUID in its 36 characters.</summary>
    public static readonly Shape Uuid = new("""{"type":"string","format":"uuid"}""");

    /// <summary>An RFC 3339 time with an offset.</summary>
    public static readonly Shape Time = new("""{"type":"string","format":"date-time"}""");

    /// <summary>Bytes of any sort.</summary>
    public static readonly Shape Bytes = new("{}");

    /// <summary>Any JSON.</summary>
    public static readonly Shape AnyJson = new("""{"description":"Any JSON: its kind has the schema."}""");

    /// <summary>The state of a task.</summary>
    public static readonly Shape State = new(null, typeof(Contracts.Tasks.TaskState));

    /// <summary>A duration in ISO 8601, or seconds.</summary>
    public static readonly Shape Wait = new("""{"type":"string","examples":["PT10S","10"]}""");

    /// <summary>A record of the contracts.</summary>
    public static Shape Of<T>() => new(null, typeof(T));

    /// <summary>One of two records.</summary>
    public static Shape Either<TOne, TOther>() => new(null, typeof(TOne), typeof(TOther));

    /// <summary>A whole number.</summary>
    public static Shape Integer(int least, int most, int? byDefault = null)
    {
        var schema = new JsonObject { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most };
        if (byDefault is { } value)
            schema["default"] = value;
        return new Shape(schema.ToJsonString());
    }

    /// <summary>One of these words.</summary>
    public static Shape OneOf(params IEnumerable<string> words) =>
        new(new JsonObject { ["type"] = "string", ["enum"] = JsonSerializer.SerializeToNode(words) }.ToJsonString());

    /// <summary>An array of records.</summary>
    public static Shape ListOf<T>() => new(null, typeof(IReadOnlyList<T>));

    /// <summary>Lines of JSON. As a whole they are no JSON, so the schema of a line stands in an extension.</summary>
    public static Shape LinesOf<T>() => new("""{"type":"string","contentMediaType":"application/x-ndjson"}""", typeof(T));

    /// <summary>The reason of an action, as a parameter.</summary>
    public static readonly Shape Reason = new("""{"type":"string","minLength":1,"maxLength":1000}""");

    /// <summary>Where the extension with the schema of a line, or of an event's data, stands.</summary>
    public const string PartExtension = "x-part-schema";

    /// <summary>The longest wait, for descriptions.</summary>
    public static string LongestWait => $"{QueryReader.LongestWait.TotalSeconds:0} seconds";

    /// <summary>Where the extension with the problems that stand in lines is.</summary>
    public const string PartProblems = "x-part-problems";

    /// <summary>The JSON as a node that belongs to nobody.</summary>
    public JsonObject Node() => JsonNode.Parse(Json ?? "{}")!.AsObject();
}
