using System.Buffers;
using Messaging.Contracts.Http;

namespace Messaging.Producer.Batches;

/// <summary>One task of a batch, still as text.</summary>
/// <param name="Json">Its text; empty if <paramref name="Refusal"/> says why it is not worth reading.</param>
/// <param name="At">Where in the body the text begins.</param>
/// <param name="Refusal">Why it is refused unread, or null.</param>
internal readonly record struct BatchItem(ReadOnlySequence<byte> Json, TextPosition At, Problem? Refusal = null);

/// <summary>
/// Finds the tasks in a body that comes piece by piece, without judging them. What is longer than a task may be is skipped as it comes,
/// never gathered. Not thread-safe.
/// </summary>
internal abstract class ItemSplitter
{
    /// <summary>How far into the buffer the search for the item's end has come: nothing is searched twice.</summary>
    protected long Searched { get; set; }

    /// <summary>True while the rest of an item that is too long is skipped.</summary>
    protected bool IsSkipping { get; private set; }

    /// <summary>Where the buffer begins.</summary>
    protected TextPosition Position { get; private set; } = TextPosition.Start;

    /// <summary>Takes the next item off the front of the buffer.</summary>
    /// <param name="buffer">What has come and was not taken yet; afterwards what is left of it.</param>
    /// <param name="isLast">True if nothing more will come.</param>
    /// <param name="item">The item; its text is a part of the buffer.</param>
    /// <returns>False if more must come first, or the body is at its end.</returns>
    public abstract bool TryTake(ref ReadOnlySequence<byte> buffer, bool isLast, out BatchItem item);

    /// <summary>Takes text off the front of the buffer.</summary>
    protected ReadOnlySequence<byte> Take(ref ReadOnlySequence<byte> buffer, long length)
    {
        var taken = buffer.Slice(0, length);
        buffer = buffer.Slice(length);
        Position = Position.Behind(taken);
        Searched = 0;
        return taken;
    }

    /// <summary>Called when the end of an item has not come: drops what there is of it once it is too long.</summary>
    protected void DropIfTooLong(ref ReadOnlySequence<byte> buffer)
    {
        if (!IsSkipping && buffer.Length <= SubmitTaskRequest.MaxLineBytes)
            return;
        IsSkipping = true;
        Take(ref buffer, buffer.Length);
    }

    /// <summary>An item that was found whole, of <paramref name="length"/> bytes from the front of the buffer.</summary>
    protected BatchItem Item(ref ReadOnlySequence<byte> buffer, long length)
    {
        var at = Position;
        var json = Take(ref buffer, length);
        var tooLong = IsSkipping || length > SubmitTaskRequest.MaxLineBytes;
        IsSkipping = false;
        return tooLong
            ? new BatchItem(default, at, Http.Problems.TooLarge("The task", SubmitTaskRequest.MaxLineBytes))
            : new BatchItem(json, at);
    }

    /// <summary>True if the text has nothing but JSON's white space.</summary>
    protected static bool IsBlank(ReadOnlySequence<byte> text) => LeadingBlanks(text) == text.Length;

    /// <summary>How many bytes of JSON's white space the text begins with.</summary>
    protected static long LeadingBlanks(ReadOnlySequence<byte> text)
    {
        var blanks = 0L;
        foreach (var segment in text)
        {
            var first = segment.Span.IndexOfAnyExcept(" \t\r\n"u8);
            if (first >= 0)
                return blanks + first;
            blanks += segment.Length;
        }

        return blanks;
    }
}
