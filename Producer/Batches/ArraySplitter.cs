using System.Buffers;
using Messaging.Contracts.Json;
using Messaging.Producer.Http;

namespace Messaging.Producer.Batches;

/// <summary>
/// A JSON array of tasks. It follows brackets and strings only, so that a task that is not JSON spoils itself and, as long as its brackets
/// match, none behind it. The opening bracket of the array was checked before.
/// </summary>
internal sealed class ArraySplitter : ItemSplitter
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[],"u8);
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);

    private Place _place = Place.BeforeArray;
    private int _depth;
    private bool _inString;
    private bool _escaped;
    private bool _afterComma;

    private enum Place
    {
        BeforeArray,
        InArray,
        AfterArray,
        AtEnd,
    }

    public override bool TryTake(ref ReadOnlySequence<byte> buffer, bool isLast, out BatchItem item)
    {
        item = default;
        if (_place == Place.BeforeArray)
        {
            if (buffer.PositionOf((byte)'[') is not { } open)
                return false;
            Take(ref buffer, buffer.Slice(0, open).Length + 1);
            _place = Place.InArray;
        }

        if (_place == Place.InArray)
        {
            if (TryFindEnd(buffer, out var length))
                return TryTakeItem(ref buffer, length, out item) || (_place == Place.AfterArray && TryTakeRest(ref buffer, isLast, out item));
            if (isLast)
                return TryTakeUnclosed(ref buffer, out item);
            DropIfTooLong(ref buffer);
            return false;
        }

        return _place == Place.AfterArray && TryTakeRest(ref buffer, isLast, out item);
    }

    /// <summary>Looks for the comma or bracket behind the present item. Goes on where it stopped.</summary>
    private bool TryFindEnd(ReadOnlySequence<byte> buffer, out long length)
    {
        foreach (var segment in buffer.Slice(Searched))
        {
            var span = segment.Span;
            var at = 0;
            while (at < span.Length)
            {
                if (_inString)
                {
                    at = PassString(span, at);
                    continue;
                }

                var next = span[at..].IndexOfAny(Structure);
                if (next < 0)
                    break;
                at += next;
                if (IsEnd(span[at]))
                {
                    length = Searched + at;
                    return true;
                }

                at++;
            }

            Searched += span.Length;
        }

        length = 0;
        return false;
    }

    private int PassString(ReadOnlySpan<byte> span, int at)
    {
        if (_escaped)
        {
            _escaped = false;
            return at + 1;
        }

        var next = span[at..].IndexOfAny(StringEnds);
        if (next < 0)
            return span.Length;
        at += next;
        if (span[at] == '\\')
            _escaped = true;
        else
            _inString = false;
        return at + 1;
    }

    private bool IsEnd(byte structure)
    {
        switch (structure)
        {
            case (byte)'"':
                _inString = true;
                return false;
            case (byte)'{' or (byte)'[':
                _depth++;
                return false;
            case (byte)'}':
                _depth = Math.Max(0, _depth - 1);
                return false;
            case (byte)']' when _depth > 0:
                _depth--;
                return false;
            default:
                return _depth == 0;
        }
    }

    private bool TryTakeItem(ref ReadOnlySequence<byte> buffer, long length, out BatchItem item)
    {
        item = Item(ref buffer, length);
        var isComma = Take(ref buffer, 1).FirstSpan[0] == ',';
        if (!isComma)
            _place = Place.AfterArray;
        // "[]" has no item; "[,]" and "[1,]" lack one, and the reader will say so.
        var isThere = isComma || _afterComma || item.Refusal is not null || !IsBlank(item.Json);
        _afterComma = isComma;
        return isThere;
    }

    private bool TryTakeUnclosed(ref ReadOnlySequence<byte> buffer, out BatchItem item)
    {
        _place = Place.AtEnd;
        var end = Position.Behind(buffer);
        Take(ref buffer, buffer.Length);
        item = new BatchItem(default, end, Problems.Malformed(new MalformedJson("The body ends within the array.", end.Line, end.Byte)));
        return true;
    }

    private bool TryTakeRest(ref ReadOnlySequence<byte> buffer, bool isLast, out BatchItem item)
    {
        item = default;
        Take(ref buffer, LeadingBlanks(buffer));
        if (buffer.IsEmpty)
        {
            if (isLast)
                _place = Place.AtEnd;
            return false;
        }

        _place = Place.AtEnd;
        item = new BatchItem(default, Position, Problems.Malformed(new MalformedJson("Something follows the array.", Position.Line, Position.Byte)));
        Take(ref buffer, buffer.Length);
        return true;
    }
}
