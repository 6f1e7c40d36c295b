using System.Text;
using System.Text.Json;

namespace Messaging.Contracts.Json;

/// <summary>Why a text is not JSON at all (RFC 8259), and where. Over HTTP it is a 400, where a text that is JSON but does not fit is a 422.</summary>
/// <param name="Detail">One sentence for people.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="BytePosition">The byte in that line, from 1.</param>
public sealed record MalformedJson(string Detail, long Line, long BytePosition)
{
    /// <summary>What a reader or the serializer complained of; position 1:1 if it did not say.</summary>
    public static MalformedJson From(JsonException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        // The runtime appends its own position, counted from 0, to the sentence.
        var detail = exception.Message;
        foreach (var mark in (ReadOnlySpan<string>)[" Path: ", " LineNumber: "])
        {
            var at = detail.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
                detail = detail[..at];
        }

        return new MalformedJson(detail, (exception.LineNumber ?? 0) + 1, (exception.BytePositionInLine ?? 0) + 1);
    }

    /// <summary>A complaint about one byte.</summary>
    /// <param name="detail">One sentence for people.</param>
    /// <param name="text">The whole text.</param>
    /// <param name="offset">Which byte of it, from 0.</param>
    public static MalformedJson At(string detail, ReadOnlySpan<byte> text, int offset)
    {
        var before = text[..offset];
        return new MalformedJson(detail, before.Count((byte)'\n') + 1, offset - (before.LastIndexOf((byte)'\n') + 1) + 1);
    }

    /// <summary>A complaint about the first byte that is not UTF-8; null if all of them are.</summary>
    public static MalformedJson? OfEncoding(ReadOnlySpan<byte> text)
    {
        if (System.Text.Unicode.Utf8.IsValid(text))
            return null;
        var offset = 0;
        while (Rune.DecodeFromUtf8(text[offset..], out _, out var length) == System.Buffers.OperationStatus.Done)
            offset += length;
        return At("The text is not valid UTF-8.", text, offset);
    }
}
