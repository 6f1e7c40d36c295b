using System.Buffers;
using System.Text.Json;
using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Broker;

/// <summary>Writes a <see cref="RunTasks"/> as it travels: plain UTF-8 JSON. Inputs are copied as they are, never parsed.</summary>
internal static class RunTasksWriter
{
    // Short names are read by our own consumers only; what one version writes, an older one must skip, a newer one understand.
    internal static readonly JsonEncodedText Version = JsonEncodedText.Encode("v");
    internal static readonly JsonEncodedText Marker = JsonEncodedText.Encode("marker");
    internal static readonly JsonEncodedText Tasks = JsonEncodedText.Encode("tasks");
    internal static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    internal static readonly JsonEncodedText Revision = JsonEncodedText.Encode("rev");
    internal static readonly JsonEncodedText Kind = JsonEncodedText.Encode("kind");
    internal static readonly JsonEncodedText Input = JsonEncodedText.Encode("input");
    internal static readonly JsonEncodedText Timeout = JsonEncodedText.Encode("timeoutMs");
    internal static readonly JsonEncodedText MaxAttempts = JsonEncodedText.Encode("maxAttempts");
    internal static readonly JsonEncodedText TraceParent = JsonEncodedText.Encode("traceParent");
    internal static readonly JsonEncodedText Losses = JsonEncodedText.Encode("losses");

    private const int LargestKept = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    /// <summary>The message's bytes.</summary>
    public static byte[] Write(RunTasks message)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(16 * 1024);
        var json = _json ??= new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        try
        {
            WriteTo(json, message);
            json.Flush();
            return buffer.WrittenSpan.ToArray();
        }
        finally
        {
            if (buffer.Capacity > LargestKept)
                (_buffer, _json) = (null, null);
            buffer.ResetWrittenCount();
            json.Reset(buffer);
        }
    }

    private static void WriteTo(Utf8JsonWriter json, RunTasks message)
    {
        json.WriteStartObject();
        json.WriteNumber(Version, RunTasks.Version);
        if (message.Marker is { } marker)
            json.WriteString(Marker, marker);
        json.WriteStartArray(Tasks);
        foreach (var task in message.Tasks)
        {
            json.WriteStartObject();
            json.WriteString(Id, task.Id);
            json.WriteNumber(Revision, task.Revision);
            json.WriteString(Kind, task.Kind);
            json.WritePropertyName(Input);
            json.WriteRawValue(task.Input.Span, skipInputValidation: true);
            json.WriteNumber(Timeout, (long)task.Timeout.TotalMilliseconds);
            json.WriteNumber(MaxAttempts, task.MaxAttempts);
            if (task.TraceParent is not null)
                json.WriteString(TraceParent, task.TraceParent);
            if (task.Losses > 0)
                json.WriteNumber(Losses, task.Losses);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
