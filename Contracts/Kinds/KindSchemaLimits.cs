using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Messaging.Contracts.Kinds;

/// <summary>Turns the attributes of a member into keywords of its schema.</summary>
internal static class KindSchemaLimits
{
    /// <summary>Adds to a member's schema what its attributes say, whether they stand on the property or on the record's parameter.</summary>
    /// <exception cref="ArgumentException">An attribute limits what a schema can't: saying nothing would look like a check.</exception>
    public static JsonNode Apply(JsonPropertyInfo property, JsonNode schema)
    {
        var attributes = new[] { property.AttributeProvider, property.AssociatedParameter?.AttributeProvider }
            .OfType<ICustomAttributeProvider>()
            .SelectMany(p => p.GetCustomAttributes(inherit: true));
        foreach (var attribute in attributes)
        {
            if (attribute is not (DescriptionAttribute or ValidationAttribute) || attribute is RequiredAttribute)
                continue;
            if (schema is not JsonObject known || !TryApply(attribute, known))
                throw new ArgumentException($"{property.DeclaringType}.{property.Name}: [{attribute.GetType().Name}] can't be said in its JSON schema.");
        }

        return schema;
    }

    private static bool TryApply(object attribute, JsonObject schema)
    {
        switch (attribute)
        {
            case DescriptionAttribute { Description: var text }:
                schema.Insert(0, "description", text);
                return true;
            case RangeAttribute range when Has(schema, "integer") || Has(schema, "number"):
                schema.Remove("minimum");
                schema.Remove("maximum");
                schema[range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = Number(range.Minimum);
                schema[range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = Number(range.Maximum);
                return true;
            case LengthAttribute length:
                return TryLimit(schema, length.MinimumLength, length.MaximumLength);
            case StringLengthAttribute length:
                return TryLimit(schema, length.MinimumLength, length.MaximumLength);
            case MinLengthAttribute { Length: var least }:
                return TryLimit(schema, least, null);
            case MaxLengthAttribute { Length: var most }:
                return TryLimit(schema, null, most);
            case RegularExpressionAttribute { Pattern: var pattern } when Has(schema, "string"):
                schema["pattern"] = $"^(?:{pattern})$";
                return true;
            case UrlAttribute when Has(schema, "string"):
                schema["format"] = "uri";
                return true;
            default:
                return false;
        }
    }

    private static bool TryLimit(JsonObject schema, int? least, int? most)
    {
        var noun = Has(schema, "array") ? "Items" : Has(schema, "string") ? "Length" : null;
        if (noun is null)
            return false;
        if (least is not null)
            schema[$"min{noun}"] = least;
        if (most is not null)
            schema[$"max{noun}"] = most;
        return true;
    }

    private static bool Has(JsonObject schema, string type) => schema["type"] switch
    {
        JsonArray types => types.Any(t => t?.GetValue<string>() == type),
        { } one => one.GetValue<string>() == type,
        _ => false,
    };

    private static decimal Number(object limit) => Convert.ToDecimal(limit, CultureInfo.InvariantCulture);
}
