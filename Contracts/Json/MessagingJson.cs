using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Messaging.Contracts.Json;

/// <summary>How this system writes JSON: camelCase names (of enum values too), ISO 8601 durations, RFC 3339 times in UTC, nulls left out by the callers that want it.</summary>
public static class MessagingJson
{
    /// <summary>
    /// For task inputs and results. Strict when reading: unknown members, duplicate members and nulls where none may be are errors,
    /// so a misspelt option is never silently ignored.
    /// </summary>
    public static JsonSerializerOptions Payload { get; } = Create(strict: true);

    /// <summary>For what one process of ours tells another: unknown members are skipped, so that old and new may run side by side.</summary>
    public static JsonSerializerOptions Tolerant { get; } = Create(strict: false);

    private static JsonSerializerOptions Create(bool strict)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            AllowDuplicateProperties = !strict,
            // Inputs and results go into API answers and logs, never into HTML: keep them readable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            RespectNullableAnnotations = strict,
            RespectRequiredConstructorParameters = strict,
            UnmappedMemberHandling = strict ? JsonUnmappedMemberHandling.Disallow : JsonUnmappedMemberHandling.Skip,
            Converters = { new DurationConverter(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
