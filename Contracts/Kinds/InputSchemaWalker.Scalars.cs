using System.Text;
using System.Text.Json;

namespace Messaging.Contracts.Kinds;

/// <content>Strings, numbers, booleans and null.</content>
internal ref partial struct InputSchemaWalker
{
    private static readonly (JsonTypes Type, string Words)[] TypeWords =
    [
        (JsonTypes.Object, "an object"),
        (JsonTypes.Array, "an array"),
        (JsonTypes.String, "a string"),
        (JsonTypes.Number, "a number"),
        (JsonTypes.Integer, "an integer"),
        (JsonTypes.Fraction, "a number with a fraction or an exponent"),
        (JsonTypes.Boolean, "a boolean"),
        (JsonTypes.Null, "null"),
    ];

    private void Scalar(ref Utf8JsonReader reader, InputSchemaNode node, JsonTypes type)
    {
        if (type == JsonTypes.String && HasBrokenEscape(reader))
            return;
        if (node == InputSchemaNode.Any)
            return;
        if (node.Allowed is { } allowed && !allowed.Contains(ref reader))
        {
            Error(reader, $"Must be {(allowed.Count == 1 ? "" : "one of ")}{allowed.Description}.");
            return;
        }

        if (type == JsonTypes.String)
            Text(ref reader, node);
        else if ((type & JsonTypes.Number) != 0)
            Number(ref reader, node);
    }

    private void Text(ref Utf8JsonReader reader, InputSchemaNode node)
    {
        if (node.HasLength)
        {
            var length = CodePoints(ref reader);
            if (length < node.MinLength)
                Error(reader, $"Must have at least {Counted(node.MinLength, "character")}, not {length}.");
            if (length > node.MaxLength)
                Error(reader, $"Must have at most {Counted(node.MaxLength, "character")}, not {length}.");
        }

        if (node.Format is { } format && !format.Matches(ref reader))
            Error(reader, $"Must be {format.Rule}.");
        if (node.Pattern is { } pattern && !pattern.IsMatch(reader.GetString()!))
            Error(reader, $"Must match the pattern {pattern.Source}");
    }

    private void Number(ref Utf8JsonReader reader, InputSchemaNode node)
    {
        // Up to 300 digits can't be too large for a double; who writes more has his number read.
        if ((reader.ValueSpan.Length > 300 || reader.ValueSpan.IndexOfAny((byte)'e', (byte)'E') >= 0)
            && !double.IsFinite(reader.GetDouble()))
        {
            Error(reader, "Is too large a number.");
            return;
        }

        if (node.Bounds is not { } bounds)
            return;
        var below = Compare(ref reader, bounds.Minimum) < 0;
        if (below || Compare(ref reader, bounds.ExclusiveMinimum) <= 0)
            Error(reader, below ? $"Must be at least {bounds.Minimum}." : $"Must be more than {bounds.ExclusiveMinimum}.");
        var above = Compare(ref reader, bounds.Maximum) > 0;
        if (above || Compare(ref reader, bounds.ExclusiveMaximum) >= 0)
            Error(reader, above ? $"Must be at most {bounds.Maximum}." : $"Must be less than {bounds.ExclusiveMaximum}.");
    }

    // Null, which compares as neither, if there is no bound.
    private static int? Compare(ref Utf8JsonReader reader, decimal? bound)
    {
        if (bound is not { } limit)
            return null;
        if (reader.TryGetDecimal(out var exact))
            return exact.CompareTo(limit);
        // Outside of what a decimal holds, and so of any bound.
        return reader.GetDouble() > 0 ? 1 : -1;
    }

    private static int CodePoints(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
            return reader.GetString()!.EnumerateRunes().Count();
        var count = 0;
        foreach (var b in reader.ValueSpan)
        {
            if ((b & 0xC0) != 0x80)
                count++;
        }

        return count;
    }

    private bool HasBrokenEscape(in Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return false;
        var fault = JsonEscapes.FindFault(reader.ValueSpan);
        if (fault == JsonEscapes.Fault.None)
            return false;
        var what = reader.TokenType == JsonTokenType.PropertyName ? "Its name" : "The string";
        ErrorIn(reader, _firstPass, fault == JsonEscapes.Fault.Nul
            ? $"{what} has a NUL character (\\u0000), which can't be stored everywhere."
            : $"{what} has half a surrogate pair, which is no Unicode text.");
        return true;
    }

    private static JsonTypes TypeOf(in Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => JsonTypes.Object,
        JsonTokenType.StartArray => JsonTypes.Array,
        JsonTokenType.String => JsonTypes.String,
        JsonTokenType.Number => reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0 ? JsonTypes.Integer : JsonTypes.Fraction,
        JsonTokenType.True or JsonTokenType.False => JsonTypes.Boolean,
        _ => JsonTypes.Null,
    };

    private static string TypeMessage(JsonTypes allowed, JsonTypes found)
    {
        if (allowed == JsonTypes.None)
            return "Must not be given.";
        if (found == JsonTypes.Fraction && allowed.HasFlag(JsonTypes.Integer))
            return "Must be an integer, written without fraction and exponent.";
        var words = new StringBuilder("Must be ");
        var rest = allowed;
        foreach (var (type, name) in TypeWords)
        {
            if ((rest & type) != type)
                continue;
            words.Append(rest == allowed ? "" : " or ").Append(name);
            rest &= ~type;
        }

        var foundWords = found is JsonTypes.Integer or JsonTypes.Fraction ? "a number" : TypeWords.First(w => w.Type == found).Words;
        return $"{words}, not {foundWords}.";
    }
}
