using System.Text;
using System.Text.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>Compiles a schema document into <see cref="InputSchemaNode"/>s.</summary>
internal sealed class InputSchemaParser(JsonElement document)
{
    private const string Circle = "the schema refers to itself without going into a member or an item";

    // By pointer, so that a schema that refers to itself becomes a graph.
    private readonly Dictionary<string, InputSchemaNode> _nodes = new(StringComparer.Ordinal);

    // References on the way to a target, by the pointer of the schema that holds them.
    private readonly HashSet<string> _followed = new(StringComparer.Ordinal);

    // What holds for the same value without reading further: a circle of these would never end.
    private readonly HashSet<InputSchemaNode> _entered = [];

    public InputSchemaNode Parse()
    {
        var root = Node(document, "#");
        foreach (var (pointer, node) in _nodes.ToArray())
            RefuseCircle(node, pointer);
        return root;
    }

    private InputSchemaNode Node(JsonElement schema, string pointer)
    {
        if (_nodes.TryGetValue(pointer, out var known))
            return known;
        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                return InputSchemaNode.Any;
            case JsonValueKind.False:
                return InputSchemaNode.Never;
            case JsonValueKind.Object when IsPlainReference(schema):
                // Nothing beside the reference: the target itself, so that the walker passes over the value once.
                if (!_followed.Add(pointer))
                    throw Fault(pointer, Circle);
                var target = Referred(schema.GetProperty("$ref"), Below(pointer, "$ref"));
                _followed.Remove(pointer);
                return target;
            case JsonValueKind.Object:
                var node = _nodes[pointer] = new InputSchemaNode();
                Fill(node, schema, pointer);
                return node;
            default:
                throw Fault(pointer, "a schema is an object, true or false");
        }
    }

    private void Fill(InputSchemaNode node, JsonElement schema, string pointer)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            if (!IsAnnotation(keyword.Name))
                Apply(node, schema, keyword, Below(pointer, keyword.Name));
        }

        if (schema.TryGetProperty("properties", out _) || schema.TryGetProperty("required", out _))
            node.Members = Members(node, schema, pointer);
    }

    private void Apply(InputSchemaNode node, JsonElement schema, JsonProperty keyword, string at)
    {
        var value = keyword.Value;
        switch (keyword.Name)
        {
            case "type":
                node.Types = Types(value, at);
                break;
            case "properties" or "required":
                break; // together, when the other keywords are known
            case "additionalProperties":
                node.Additional = Node(value, at);
                break;
            case "items":
                node.Items = Node(value, at);
                break;
            case "prefixItems":
                node.PrefixItems = Nodes(value, at);
                break;
            case "anyOf":
                node.AnyOf = Nodes(value, at);
                break;
            case "$ref":
                node.AllOf = [Referred(value, at)];
                break;
            case "enum":
                node.Allowed = Scalars(value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [], at);
                break;
            case "const":
                node.Allowed = Scalars([value], at);
                break;
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                node.Bounds ??= new InputSchemaBounds(
                    Number(schema, "minimum", at), Number(schema, "maximum", at), Number(schema, "exclusiveMinimum", at), Number(schema, "exclusiveMaximum", at));
                break;
            case "minLength":
                node.MinLength = Count(value, at);
                break;
            case "maxLength":
                node.MaxLength = Count(value, at);
                break;
            case "minItems":
                node.MinItems = Count(value, at);
                break;
            case "maxItems":
                node.MaxItems = Count(value, at);
                break;
            case "pattern":
                node.Pattern = Pattern(value, at);
                break;
            case "format":
                node.Format = InputSchemaFormat.All.FirstOrDefault(f => f.Name == Text(value, at))
                    ?? throw Fault(at, $"the format '{Text(value, at)}' is not checked here; known: {string.Join(", ", InputSchemaFormat.All.Select(f => f.Name))}");
                break;
            case "contentEncoding":
                node.Format = Text(value, at) == InputSchemaFormat.Base64.Name
                    ? InputSchemaFormat.Base64
                    : throw Fault(at, $"the encoding '{Text(value, at)}' is not checked here; known: base64");
                break;
            default:
                throw Fault(at, $"the keyword '{keyword.Name}' is not supported");
        }
    }

    private static bool IsPlainReference(JsonElement schema) =>
        schema.TryGetProperty("$ref", out _) && schema.EnumerateObject().All(k => k.Name == "$ref" || IsAnnotation(k.Name));

    private static bool IsAnnotation(string keyword) => keyword
        is "title" or "description" or "default" or "examples" or "deprecated" or "readOnly" or "writeOnly" or "contentMediaType"
        or "$schema" or "$id" or "$comment" or "$defs" || keyword.StartsWith("x-", StringComparison.Ordinal);

    private InputSchemaMember[] Members(InputSchemaNode node, JsonElement schema, string pointer)
    {
        var required = schema.TryGetProperty("required", out var names)
            ? Array(names, Below(pointer, "required")).Select(n => Text(n, Below(pointer, "required"))).ToList()
            : [];
        var members = new List<InputSchemaMember>();
        if (schema.TryGetProperty("properties", out var properties))
        {
            if (properties.ValueKind != JsonValueKind.Object)
                throw Fault(Below(pointer, "properties"), "it must be an object");
            foreach (var property in properties.EnumerateObject())
            {
                var member = Node(property.Value, Below(Below(pointer, "properties"), property.Name));
                members.Add(new InputSchemaMember(property.Name, Encoding.UTF8.GetBytes(property.Name), member, required.Remove(property.Name)));
            }
        }

        members.AddRange(required.Distinct().Select(n => new InputSchemaMember(n, Encoding.UTF8.GetBytes(n), node.Additional, true)));
        return [.. members];
    }

    private InputSchemaNode Referred(JsonElement value, string at)
    {
        var pointer = Text(value, at);
        if (pointer is not "#" && !pointer.StartsWith("#/", StringComparison.Ordinal))
            throw Fault(at, $"'{pointer}' does not lie in this document: a reference begins with '#/'");
        var target = document;
        foreach (var token in Uri.UnescapeDataString(pointer).Split('/').Skip(1))
        {
            var name = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var found = target.ValueKind switch
            {
                JsonValueKind.Object => target.TryGetProperty(name, out target),
                JsonValueKind.Array when int.TryParse(name, out var index) && index >= 0 && index < target.GetArrayLength() =>
                    (target = target[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!found)
                throw Fault(at, $"there is nothing at '{pointer}'");
        }

        return Node(target, pointer);
    }

    private void RefuseCircle(InputSchemaNode node, string pointer)
    {
        if (!_entered.Add(node))
            throw Fault(pointer, Circle);
        foreach (var next in node.AllOf.Concat(node.AnyOf))
            RefuseCircle(next, pointer);
        _entered.Remove(node);
    }

    private InputSchemaNode[] Nodes(JsonElement value, string at)
    {
        JsonElement[] schemas = [.. Array(value, at)];
        return schemas.Length == 0
            ? throw Fault(at, "it must hold at least one schema")
            : [.. schemas.Select((s, i) => Node(s, Below(at, $"{i}")))];
    }

    private static JsonTypes Types(JsonElement value, string at) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Aggregate(JsonTypes.None, (all, one) => all | Types(one, at))
        : Text(value, at) switch
        {
            "null" => JsonTypes.Null,
            "boolean" => JsonTypes.Boolean,
            "integer" => JsonTypes.Integer,
            "number" => JsonTypes.Number,
            "string" => JsonTypes.String,
            "array" => JsonTypes.Array,
            "object" => JsonTypes.Object,
            var other => throw Fault(at, $"there is no type '{other}'"),
        };

    private static InputSchemaScalars Scalars(IReadOnlyList<JsonElement> values, string at) => values switch
    {
        [] => throw Fault(at, "it must be an array of at least one value"),
        _ when values.Any(v => v.ValueKind is JsonValueKind.Object or JsonValueKind.Array) => throw Fault(at, "arrays and objects are not supported here"),
        _ => new InputSchemaScalars(values),
    };

    private static InputSchemaPattern Pattern(JsonElement value, string at)
    {
        try
        {
            return new InputSchemaPattern(Text(value, at));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw Fault(at, e.Message);
        }
    }

    private static decimal? Number(JsonElement schema, string keyword, string at)
    {
        if (!schema.TryGetProperty(keyword, out var value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number)
            ? number
            : throw Fault(at, $"{keyword} must be a number of at most 28 digits");
    }

    private static long Count(JsonElement value, string at) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count >= 0
            ? count
            : throw Fault(at, "it must be an integer from 0");

    private static string Text(JsonElement value, string at) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Fault(at, "it must be a string");

    private static JsonElement.ArrayEnumerator Array(JsonElement value, string at) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Fault(at, "it must be an array");

    private static string Below(string pointer, string name) =>
        $"{pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    private static FormatException Fault(string at, string what) => new($"The schema at {at}: {what}.");
}
