using System.Text.Json;
using System.Text.Json.Serialization;
using Messaging.Contracts.Json;

namespace Messaging.Contracts.Http;

/// <summary>How HTTP answers are written and read: like all JSON of this system, with times in UTC and members without a value left out.</summary>
public static class HttpJson
{
    /// <summary>
    /// Tolerant when reading, so that a client goes on when answers grow. A member without a value is left out; so <c>"result": null</c>
    /// means that the result is null, and no <c>result</c> means that there is none.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(MessagingJson.Tolerant)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new UtcTimeConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
