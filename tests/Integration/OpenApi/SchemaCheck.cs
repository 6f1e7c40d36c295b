using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>
/// Checks values against the schemas of the document: the keywords that it uses, and no others. Stricter than JSON Schema in one thing: a member that the
/// schema of an object does not name is wrong, so that nothing is answered that the document does not know.
/// </summary>
internal sealed class SchemaCheck(ApiDocument document)
{
    private static readonly string[] Known =
    [
        "$ref", "type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "items", "properties", "required", "additionalProperties",
        "anyOf", "description", "examples", "default", "contentMediaType", "x-part-schema", "x-extensible-enum",
    ];

    private readonly List<string> _wrong = [];

    /// <summary>What is wrong with a value, each with a JSON pointer.</summary>
    public static IReadOnlyList<string> Check(ApiDocument document, JsonNode schema, JsonNode? value)
    {
        var check = new SchemaCheck(document);
        check.Check(schema, value, "#");
        return check._wrong;
    }

    private void Check(JsonNode schemaOrReference, JsonNode? value, string at)
    {
        var schema = document.Follow(schemaOrReference);
        foreach (var unknown in schema.Select(member => member.Key).Except(Known))
            throw new NotSupportedException($"This check does not know the keyword {unknown}; teach it.");
        if (schema["anyOf"] is JsonArray branches)
        {
            var tries = branches.Select(branch => Check(document, branch!, value)).ToArray();
            if (tries.All(wrong => wrong.Count > 0))
                _wrong.Add($"{at}: fits none: {string.Join(" | ", tries.Select(wrong => wrong[0]))}");
        }

        string[] types = schema["type"] is JsonArray several ? [.. several.Select(type => (string)type!)] : schema["type"] is { } only ? [(string)only!] : [];
        if (types.Length > 0 && !types.Any(type => IsOf(type, value)))
        {
            _wrong.Add($"{at}: is {value?.GetValueKind().ToString() ?? "null"}, not {string.Join(" or ", types)}");
            return;
        }

        switch (value)
        {
            case JsonObject members when schema["properties"] is not null || schema["additionalProperties"] is not null:
                CheckObject(schema, members, at);
                break;
            case JsonArray elements when schema["items"] is { } items:
                for (var i = 0; i < elements.Count; i++)
                    Check(items, elements[i], $"{at}/{i}");
                break;
            case JsonValue scalar:
                CheckScalar(schema, scalar, at);
                break;
        }
    }

    private void CheckObject(JsonObject schema, JsonObject members, string at)
    {
        if (schema["required"] is JsonArray required)
            _wrong.AddRange(required.Select(name => (string)name!).Where(name => !members.ContainsKey(name)).Select(name => $"{at}: lacks {name}"));

        foreach (var (name, value) in members)
        {
            if (schema["properties"]?[name] is { } property)
                Check(property, value, $"{at}/{name}");
            else if (schema["additionalProperties"] is JsonObject other)
                Check(other, value, $"{at}/{name}");
            else
                _wrong.Add($"{at}: has {name}, which the schema does not know");
        }
    }

    private void CheckScalar(JsonObject schema, JsonValue value, string at)
    {
        if (schema["enum"] is JsonArray allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value)))
            _wrong.Add($"{at}: {value} is none of {allowed.ToJsonString()}");
        if (schema["x-extensible-enum"] is JsonArray words && !at.EndsWith("ailure/code", StringComparison.Ordinal) && !words.Any(one => JsonNode.DeepEquals(one, value)))
            _wrong.Add($"{at}: {value} is none of {words.ToJsonString()}");
        if (value.GetValueKind() == JsonValueKind.String)
            CheckText(schema, (string)value!, at);
        if (value.GetValueKind() != JsonValueKind.Number)
            return;
        var number = value.GetValue<JsonElement>().GetDouble();
        if (number < (double?)schema["minimum"] || number > (double?)schema["maximum"])
            _wrong.Add($"{at}: {number} is out of its bounds");
    }

    private void CheckText(JsonObject schema, string text, string at)
    {
        var fits = (string?)schema["format"] switch
        {
            "uuid" => Guid.TryParseExact(text, "D", out _),
            "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) && text.EndsWith('Z'),
            null => true,
            var other => throw new NotSupportedException($"This check does not know the format {other}; teach it."),
        };
        if (!fits)
            _wrong.Add($"{at}: '{text}' is no {schema["format"]}");
        if ((string?)schema["pattern"] is { } pattern && !Regex.IsMatch(text, pattern))
            _wrong.Add($"{at}: '{text}' does not match {pattern}");
        if (text.Length < (int?)schema["minLength"] || text.Length > (int?)schema["maxLength"])
            _wrong.Add($"{at}: has {text.Length} characters");
    }

    private static bool IsOf(string type, JsonNode? value) => (type, value?.GetValueKind()) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("number", JsonValueKind.Number) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("null", null) => true,
        ("integer", JsonValueKind.Number) => value!.GetValue<JsonElement>().TryGetInt64(out _),
        _ => false,
    };
}
