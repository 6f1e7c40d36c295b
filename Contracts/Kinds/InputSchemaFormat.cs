using System.Buffers.Text;
using System.Text.Json;
using Messaging.Contracts.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>One <c>format</c> (JSON Schema validation, section 7), or <c>contentEncoding: base64</c>: how a string must be written.</summary>
/// <param name="Name">Its name in schemas.</param>
/// <param name="Rule">What the string must be, for the message.</param>
/// <param name="Matches">True if the string at the reader is that. Strings with broken escapes never get here.</param>
internal sealed record InputSchemaFormat(string Name, string Rule, InputSchemaFormat.Test Matches)
{
    public delegate bool Test(ref Utf8JsonReader reader);

    public static readonly InputSchemaFormat Base64 = new("base64", "Base64 (RFC 4648)", IsBase64);

    public static readonly IReadOnlyList<InputSchemaFormat> All =
    [
        // RFC 3339, appendix A knows no sign, so an input's duration is never negative.
        new("duration", "an ISO 8601 duration that is not negative, such as PT30S", IsDuration),
        new("date-time", "an RFC 3339 time with an offset, such as 2030-01-31T08:00:00Z", IsDateTime),
        new("date", "an RFC 3339 date, such as 2030-01-31", IsDate),
        new("time", "a time of day, such as 08:00:00", IsTime),
        new("uuid", "a UUID (RFC 9562) in its 36 characters", IsUuid),
        new("uri", "an absolute URI (RFC 3986)", IsUri),
    ];

    private static bool IsDuration(ref Utf8JsonReader reader)
    {
        Span<char> buffer = stackalloc char[6 * Iso8601Duration.MaxLength];
        return reader.ValueSpan.Length <= buffer.Length
            && Iso8601Duration.TryParse(buffer[..reader.CopyString(buffer)], out var value)
            && value >= TimeSpan.Zero
            && buffer[0] != '-';
    }

    private static bool IsDateTime(ref Utf8JsonReader reader) =>
        // The reader takes dates without time, times without seconds and local times too.
        !reader.ValueIsEscaped
        && reader.ValueSpan is { Length: >= 20 } text
        && text[10] == 'T'
        && text[16] == ':'
        && (text[^1] == 'Z' || text[^6] is (byte)'+' or (byte)'-')
        && reader.TryGetDateTimeOffset(out _);

    private static bool IsDate(ref Utf8JsonReader reader) =>
        reader.ValueSpan.Length == 10 && !reader.ValueIsEscaped && reader.TryGetDateTime(out _);

    private static bool IsTime(ref Utf8JsonReader reader) =>
        reader.ValueSpan is { Length: 8 or (>= 10 and <= 16) } text
        && text[2] == ':'
        && text[5] == ':'
        && Utf8Parser.TryParse(text, out TimeSpan value, out var used, 'c')
        && used == text.Length
        && value >= TimeSpan.Zero
        && value < TimeSpan.FromDays(1);

    private static bool IsUuid(ref Utf8JsonReader reader) => reader.TryGetGuid(out _);

    private static bool IsUri(ref Utf8JsonReader reader)
    {
        var text = reader.GetString()!;
        // On Unix a path such as /etc counts as an absolute URI for the runtime: ask for a scheme.
        return text is [not '/', ..] && Uri.TryCreate(text, UriKind.Absolute, out _) && text == text.Trim();
    }

    private static bool IsBase64(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? reader.TryGetBytesFromBase64(out _) : System.Buffers.Text.Base64.IsValid(reader.ValueSpan);
}
