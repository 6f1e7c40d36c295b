using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Messaging.Contracts.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>
/// Writes the JSON schema (draft 2020-12) of a record, so that others can validate without having the record. What passes
/// <see cref="InputSchema"/> with it can be deserialised by <see cref="MessagingJson.Payload"/>.
/// </summary>
/// <remarks>
/// Unknown members are refused; parameters without a default are required. Limits come from the range of the type and from these attributes
/// on parameters and properties: <c>[Range]</c>, <c>[Length]</c>, <c>[MinLength]</c>, <c>[MaxLength]</c>, <c>[StringLength]</c>,
/// <c>[RegularExpression]</c>, <c>[Url]</c>; <c>[Description]</c> is passed on.
/// </remarks>
public static class KindSchema
{
    private static readonly JsonSchemaExporterOptions ExporterOptions =
        new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Describe };

    /// <summary>The schema of <paramref name="type"/> as JSON text, by the rules of <see cref="MessagingJson.Payload"/>.</summary>
    /// <exception cref="ArgumentException">The type, a default value or an attribute of a member can't be described.</exception>
    public static string Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        try
        {
            return MessagingJson.Payload.GetJsonSchemaAsNode(type, ExporterOptions).ToJsonString(MessagingJson.Payload);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // The exporter can't write the default of a parameter such as "TimeSpan Wait = default".
            throw new ArgumentException(
                $"{type} has no JSON schema: {e.Message} If a parameter of a struct type has a default, make it nullable (TimeSpan? Wait = null).",
                nameof(type),
                e);
        }
    }

    // Works from the containers: the exporter does not call for every value (not for a nullable one with a converter of ours and a default).
    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (schema is not JsonObject known)
            return schema;
        var type = context.TypeInfo;
        if (type.Kind == JsonTypeInfoKind.Object && known["properties"] is JsonObject members)
        {
            foreach (var property in type.Properties)
            {
                if (members[property.Name] is { } member)
                    members[property.Name] = KindSchemaLimits.Apply(property, DescribeMember(property, member));
            }
        }
        else if (type.ElementType is { } element)
        {
            var keyword = type.Kind == JsonTypeInfoKind.Dictionary ? "additionalProperties" : "items";
            var described = DescribeValue(element, known[keyword] ?? JsonValue.Create(true));
            if (described is JsonObject)
                known[keyword] = described;
        }

        return known;
    }

    private static JsonNode DescribeMember(JsonPropertyInfo property, JsonNode schema)
    {
        // "true" would let null through, which the deserialiser refuses for "object Thing".
        var isNullable = property.PropertyType.IsValueType || (property.AssociatedParameter?.IsNullable ?? property.IsSetNullable);
        return schema.GetValueKind() == JsonValueKind.True && !isNullable
            ? new JsonObject { ["type"] = new JsonArray("boolean", "number", "string", "array", "object") }
            : DescribeValue(property.PropertyType, schema);
    }

    private static JsonNode DescribeValue(Type type, JsonNode schema)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(TimeSpan))
            return Duration(plain != type, schema);
        if (schema is not JsonObject known || !known.ContainsKey("type"))
            return schema.DeepClone();
        if (plain == typeof(byte[]))
            known["contentEncoding"] = "base64";
        if (plain == typeof(char))
            known["pattern"] = @"^[\u0000-\uFFFF]$"; // none of the characters that take two chars
        if (RangeOf(plain) is var (minimum, maximum))
            (known["minimum"], known["maximum"]) = (minimum, maximum);
        return known.DeepClone();
    }

    // A converter of ours is opaque to the exporter: say what it writes.
    private static JsonObject Duration(bool nullable, JsonNode schema)
    {
        var duration = new JsonObject
        {
            ["type"] = nullable ? new JsonArray("string", "null") : "string",
            ["format"] = "duration",
        };
        if (schema is JsonObject known && known.TryGetPropertyValue("default", out var value))
            duration["default"] = value?.DeepClone();
        return duration;
    }

    private static (decimal Minimum, decimal Maximum)? RangeOf(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => null,
        TypeCode.SByte => (sbyte.MinValue, sbyte.MaxValue),
        TypeCode.Byte => (byte.MinValue, byte.MaxValue),
        TypeCode.Int16 => (short.MinValue, short.MaxValue),
        TypeCode.UInt16 => (ushort.MinValue, ushort.MaxValue),
        TypeCode.Int32 => (int.MinValue, int.MaxValue),
        TypeCode.UInt32 => (uint.MinValue, uint.MaxValue),
        TypeCode.Int64 => (long.MinValue, long.MaxValue),
        TypeCode.UInt64 => (ulong.MinValue, ulong.MaxValue),
        TypeCode.Decimal => (decimal.MinValue, decimal.MaxValue),
        _ => null,
    };
}
