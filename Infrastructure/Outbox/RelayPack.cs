using System.Runtime.InteropServices;
using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Outbox;

/// <summary>The tasks of one message, and the outbox rows that they come from.</summary>
internal sealed class RelayPack
{
    private readonly List<RunTask> _tasks;
    private readonly List<Part> _parts = new(1);

    public RelayPack(RelayLane lane, int capacity)
    {
        Lane = lane;
        _tasks = new List<RunTask>(capacity);
    }

    /// <summary>Where it came from, and goes back to if it can't be sent.</summary>
    public RelayLane Lane { get; }

    /// <summary>Its tasks.</summary>
    public IReadOnlyList<RunTask> Tasks => _tasks;

    /// <summary>How many tasks of which row are in it.</summary>
    public IReadOnlyList<Part> Parts => _parts;

    /// <summary>Its weight in bytes.</summary>
    public int Bytes { get; private set; }

    /// <summary>How long its tasks run one after the other, on average.</summary>
    public TimeSpan Work { get; private set; }

    /// <summary>The row whose only task is all of it, if a copy has been sent ahead; null otherwise.</summary>
    public RelayEntry? Ahead => _parts is [{ Entry: { SentAheadTo: not null, Tasks.Count: 1 } entry }] ? entry : null;

    /// <summary>Adds a task.</summary>
    public void Add(RelayEntry entry, RunTask task, TimeSpan run)
    {
        _tasks.Add(task);
        Bytes += RelayEntry.Weigh(task);
        Work += run;
        if (_parts.Count > 0 && ReferenceEquals(_parts[^1].Entry, entry))
            CollectionsMarshal.AsSpan(_parts)[^1].Count++;
        else
            _parts.Add(new Part { Entry = entry, Count = 1 });
    }

    /// <summary>A row's share in a pack.</summary>
    internal struct Part
    {
        /// <summary>The row.</summary>
        public required RelayEntry Entry { get; init; }

        /// <summary>How many of its tasks.</summary>
        public int Count { get; set; }
    }
}
