using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// What a request asks for, as 128 bits: two requests with the same idempotency key are the same if these are. Kind, input and options count
/// as parsed: white space, the order of an object's members, escapes and the notation of times do not. Numbers count as written (<c>1</c> is not
/// <c>1.0</c>), an option left out is not its default spelled out, and the order of tags counts. The key itself does not, nor does the trace.
/// </summary>
public static class RequestFingerprint
{
    // Changes whenever the same request would get another fingerprint: a repetition across a deploy is then refused, not taken for the same.
    private const byte Version = 1;

    private const byte CallbackMark = 0xCB;

    /// <summary>The fingerprint of a request.</summary>
    /// <exception cref="JsonException">Its input is not JSON, or nested too deep.</exception>
    public static Guid Of(SubmitTaskRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var canonical = new ArrayBufferWriter<byte>(request.Input.Utf8.Length + 256);
        Write(canonical, Version);
        Write(canonical, request.Kind);
        Write(canonical, request.Queue);
        Write(canonical, request.Delay?.Ticks);
        Write(canonical, request.RunAt?.UtcTicks);
        Write(canonical, request.Timeout?.Ticks);
        Write(canonical, request.Deadline?.UtcTicks);
        Write(canonical, request.MaxAttempts);
        Write(canonical, request.Tags?.Count ?? 0);
        foreach (var tag in request.Tags ?? [])
            Write(canonical, tag);
        if (request.Callback is { } callback)
            Write(canonical, callback);
        using var input = JsonDocument.Parse(request.Input.Utf8, new JsonDocumentOptions { MaxDepth = InputSchema.MaxDepth + 2 });
        Write(canonical, input.RootElement);
        return new Guid(SHA256.HashData(canonical.WrittenSpan).AsSpan(0, 16), bigEndian: true);
    }

    // Without one nothing is written, so that older requests keep their fingerprints; the mark is unlike the input's first byte, a JsonValueKind.
    private static void Write(ArrayBufferWriter<byte> canonical, CallbackRequest callback)
    {
        Write(canonical, CallbackMark);
        Write(canonical, callback.Url);
        Write(canonical, callback.Endpoint);
        Write(canonical, callback.Secret);
        Write(canonical, callback.Events?.Count);
        foreach (var name in callback.Events ?? [])
            Write(canonical, name);
    }

    private static void Write(ArrayBufferWriter<byte> canonical, JsonElement value)
    {
        Write(canonical, (byte)value.ValueKind);
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                Write(canonical, value.GetPropertyCount());
                foreach (var (name, member) in value.EnumerateObject().Select(m => (NameOf(m), m.Value)).OrderBy(m => m.Item1, StringComparer.Ordinal))
                {
                    Write(canonical, name);
                    Write(canonical, member);
                }

                break;
            case JsonValueKind.Array:
                Write(canonical, value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                    Write(canonical, item);
                break;
            case JsonValueKind.String:
                Write(canonical, TextOf(value));
                break;
            case JsonValueKind.Number:
                Write(canonical, value.GetRawText());
                break;
        }
    }

    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return value.GetRawText(); // half a surrogate pair can't be decoded; with its quotes it is like no other text
        }
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return member.ToString();
        }
    }

    private static void Write(ArrayBufferWriter<byte> canonical, byte value) => canonical.Write([value]);

    /// <summary>With its length in front, so that no two lists of texts look alike.</summary>
    private static void Write(ArrayBufferWriter<byte> canonical, string? text)
    {
        Write(canonical, text is null ? (long?)null : Encoding.UTF8.GetByteCount(text));
        if (text is not null)
            Encoding.UTF8.GetBytes(text, canonical);
    }

    private static void Write(ArrayBufferWriter<byte> canonical, long? number)
    {
        var bytes = canonical.GetSpan(9);
        bytes[0] = number is null ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], number ?? 0);
        canonical.Advance(9);
    }
}
