using System.Text.Json;
using System.Text.Json.Serialization;

namespace Messaging.Contracts.Json;

/// <summary>Durations on the wire: ISO 8601, <c>PT1M30S</c>. Years and months are refused: their length is not fixed.</summary>
public sealed class DurationConverter : JsonConverter<TimeSpan>
{
    /// <inheritdoc/>
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return TryParse(text, out var value)
            ? value
            : throw new JsonException("The value is not an ISO 8601 duration such as PT30S.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(Iso8601Duration.Format(value));
    }

    /// <summary>Reads a duration such as <c>PT30S</c>, <c>-PT1M</c> or <c>P1DT2H</c>; false for anything else.</summary>
    public static bool TryParse(string? text, out TimeSpan value) => Iso8601Duration.TryParse(text, out value);
}
