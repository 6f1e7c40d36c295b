using System.Text.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>One compiled schema object: what <see cref="InputSchemaParser"/> makes and <see cref="InputSchemaWalker"/> follows.</summary>
internal sealed class InputSchemaNode
{
    /// <summary>Allows everything.</summary>
    public static readonly InputSchemaNode Any = new();

    /// <summary>Allows nothing: the schema <c>false</c>.</summary>
    public static readonly InputSchemaNode Never = new() { Types = JsonTypes.None };

    public JsonTypes Types { get; set; } = JsonTypes.Any;

    /// <summary>The members that the schema names, in its order; a required one that it does not describe is among them.</summary>
    public InputSchemaMember[] Members { get; set; } = [];

    /// <summary>What members must be that are not in <see cref="Members"/>.</summary>
    public InputSchemaNode Additional { get => field ?? Any; set; }

    public InputSchemaNode[] PrefixItems { get; set; } = [];

    /// <summary>What items must be after <see cref="PrefixItems"/>.</summary>
    public InputSchemaNode Items { get => field ?? Any; set; }

    public long MinItems { get; set; }

    public long MaxItems { get; set; } = long.MaxValue;

    /// <summary>In Unicode code points, as the specification has it.</summary>
    public long MinLength { get; set; }

    public long MaxLength { get; set; } = long.MaxValue;

    public bool HasLength => MinLength > 0 || MaxLength < long.MaxValue;

    public InputSchemaPattern? Pattern { get; set; }

    public InputSchemaFormat? Format { get; set; }

    public InputSchemaBounds? Bounds { get; set; }

    /// <summary>The scalars of <c>enum</c> or <c>const</c>; null if there is no such limit.</summary>
    public InputSchemaScalars? Allowed { get; set; }

    /// <summary>Schemas that must hold as well: a <c>$ref</c> with other keywords beside it.</summary>
    public InputSchemaNode[] AllOf { get; set; } = [];

    /// <summary>Of these at least one must hold; empty if there is no such limit.</summary>
    public InputSchemaNode[] AnyOf { get; set; } = [];
}

/// <summary>A member that a schema names.</summary>
internal sealed record InputSchemaMember(string Name, byte[] Utf8Name, InputSchemaNode Schema, bool Required);

/// <summary>The smallest and largest number allowed, as text for the message too.</summary>
internal sealed record InputSchemaBounds(decimal? Minimum, decimal? Maximum, decimal? ExclusiveMinimum, decimal? ExclusiveMaximum);

/// <summary>The types that the specification knows.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,

    /// <summary>A number written with a fraction or an exponent; the schema type <c>number</c> is this and <see cref="Integer"/>.</summary>
    Fraction = 8,
    String = 16,
    Array = 32,
    Object = 64,
    Number = Integer | Fraction,
    Any = 127,
}

/// <summary>The scalars that <c>enum</c> or <c>const</c> allow.</summary>
internal sealed class InputSchemaScalars(IReadOnlyList<JsonElement> values)
{
    private readonly byte[][] _texts = [.. from v in values where v.ValueKind == JsonValueKind.String select System.Text.Encoding.UTF8.GetBytes(v.GetString()!)];
    private readonly double[] _numbers = [.. from v in values where v.ValueKind == JsonValueKind.Number select v.GetDouble()];
    private readonly bool _true = values.Any(v => v.ValueKind == JsonValueKind.True);
    private readonly bool _false = values.Any(v => v.ValueKind == JsonValueKind.False);
    private readonly bool _null = values.Any(v => v.ValueKind == JsonValueKind.Null);

    /// <summary>The values as JSON, for the message.</summary>
    public string Description { get; } = string.Join(", ", values.Select(v => v.GetRawText()));

    public int Count { get; } = values.Count;

    public bool Contains(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                foreach (var text in _texts)
                {
                    if (reader.ValueTextEquals(text))
                        return true;
                }

                return false;
            case JsonTokenType.Number:
                return reader.TryGetDouble(out var number) && Array.IndexOf(_numbers, number) >= 0;
            case JsonTokenType.True:
                return _true;
            case JsonTokenType.False:
                return _false;
            case JsonTokenType.Null:
                return _null;
            default:
                return false;
        }
    }
}
