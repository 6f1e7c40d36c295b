using System.Buffers;
using System.Text.Json;
using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Broker;

/// <summary>Writes and reads a <see cref="TasksChanged"/> as it travels: plain UTF-8 JSON.</summary>
internal static class TasksChangedJson
{
    private static readonly JsonEncodedText Version = JsonEncodedText.Encode("v");
    private static readonly JsonEncodedText Ids = JsonEncodedText.Encode("ids");

    /// <summary>The message's bytes.</summary>
    public static ReadOnlyMemory<byte> Write(TasksChanged message)
    {
        var buffer = new ArrayBufferWriter<byte>(64 + (message.Ids.Count * 40));
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteNumber(Version, TasksChanged.Version);
        json.WriteStartArray(Ids);
        foreach (var id in message.Ids)
            json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Reads a message; members that are not known are passed over.</summary>
    /// <exception cref="JsonException">It is none, or of a later version.</exception>
    public static TasksChanged Read(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        var ids = new List<Guid>();
        var version = 0;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("It is not an object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(Version.EncodedUtf8Bytes))
                version = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number : 0;
            else if (reader.ValueTextEquals(Ids.EncodedUtf8Bytes))
                ReadIds(ref reader, ids);
            else
                reader.Skip();
        }

        return version == TasksChanged.Version ? new TasksChanged(ids) : throw new JsonException($"It is of version {version}; {TasksChanged.Version} is known.");
    }

    private static void ReadIds(ref Utf8JsonReader reader, List<Guid> ids)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("'ids' is not an array.");
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
            ids.Add(reader.TryGetGuid(out var id) ? id : throw new JsonException("An id is not a UUID."));
    }
}
