using System.Buffers;
using Messaging.Contracts.Http;

namespace Messaging.Producer.Batches;

/// <summary>A place in a body that is read piece by piece.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Byte">The byte in that line, from 1.</param>
internal readonly record struct TextPosition(long Line, long Byte)
{
    public static TextPosition Start { get; } = new(1, 1);

    /// <summary>The place behind some more text.</summary>
    public TextPosition Behind(ReadOnlySequence<byte> text)
    {
        var (line, at) = this;
        foreach (var segment in text)
        {
            var span = segment.Span;
            var last = span.LastIndexOf((byte)'\n');
            at = last < 0 ? at + span.Length : span.Length - last;
            line += last < 0 ? 0 : span.Count((byte)'\n');
        }

        return new TextPosition(line, at);
    }

    /// <summary>The same complaint, with its place counted from the start of the body instead of that of the item.</summary>
    public Problem Shift(Problem problem) => problem is not { Line: { } line, BytePosition: { } at } ? problem : problem with
    {
        Line = Line + line - 1,
        BytePosition = line == 1 ? Byte + at - 1 : at,
        Detail = problem.Detail?[..problem.Detail.LastIndexOf(" At line ", StringComparison.Ordinal)]
            + $" At line {Line + line - 1}, byte {(line == 1 ? Byte + at - 1 : at)}.",
    };
}
