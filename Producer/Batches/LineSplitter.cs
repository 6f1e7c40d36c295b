using System.Buffers;

namespace Messaging.Producer.Batches;

/// <summary>NDJSON: a task a line. Blank lines do not count.</summary>
internal sealed class LineSplitter : ItemSplitter
{
    public override bool TryTake(ref ReadOnlySequence<byte> buffer, bool isLast, out BatchItem item)
    {
        while (true)
        {
            long length;
            if (buffer.Slice(Searched).PositionOf((byte)'\n') is { } end)
            {
                length = buffer.Slice(0, end).Length;
            }
            else if (isLast && (!buffer.IsEmpty || IsSkipping))
            {
                length = buffer.Length;
            }
            else
            {
                Searched = buffer.Length;
                DropIfTooLong(ref buffer);
                item = default;
                return false;
            }

            var wasSkipping = IsSkipping;
            item = Item(ref buffer, length);
            if (!buffer.IsEmpty)
                Take(ref buffer, 1);
            if (wasSkipping || item.Refusal is not null || !IsBlank(item.Json))
                return true;
        }
    }
}
