using System.Globalization;
using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Store.Events;

/// <summary>
/// Where an event stands among those of its task. It comes from the ledger alone, so it is the same in every process; as text it is the
/// event's id. Positions rise within a task; those of different tasks say nothing of each other, and they are not times.
/// </summary>
/// <param name="At">
/// For a change of state: the ledger's time, in whole milliseconds, given in microseconds; for the acceptance, <see cref="Ahead"/> less. For progress: <c>task_events.seq</c>, the time of
/// the attempt's claim plus its number, on the same scale.
/// </param>
/// <param name="Rank">A <see cref="TaskState"/>'s number, or <see cref="Progress"/>. Of several at one time the greater is the later.</param>
public readonly record struct EventPosition(long At, byte Rank) : IComparable<EventPosition>
{
    /// <summary>The rank of a progress report.</summary>
    public const byte Progress = 8;

    /// <summary>
    /// How far the acceptance stands in front of its time, which a producer read off its own clock, set by the ledger's: it must not
    /// come behind the claim.
    /// </summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    /// <summary>Before everything.</summary>
    public static EventPosition Start => default;

    /// <summary>The state that the task was in at this event.</summary>
    public TaskState State => Rank == Progress ? TaskState.Running : (TaskState)Rank;

    /// <summary>The ledger's time on the scale of <see cref="At"/>.</summary>
    public static long ScaleOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() * 1000;

    /// <summary>The position of a change of state.</summary>
    public static EventPosition Of(TaskState state, DateTimeOffset at) => new(ScaleOf(at), (byte)state);

    /// <summary>Reads an event's id.</summary>
    public static bool TryParse(string? text, out EventPosition position)
    {
        position = default;
        if (text?.Split('-') is not [var at, [>= '0' and <= '8' and var rank]]
            || !long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        position = new EventPosition(number, (byte)(rank - '0'));
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(EventPosition other) => At != other.At ? At.CompareTo(other.At) : Rank.CompareTo(other.Rank);

    /// <summary>True if the one comes before the other.</summary>
    public static bool operator <(EventPosition left, EventPosition right) => left.CompareTo(right) < 0;

    /// <summary>True if the one comes after the other.</summary>
    public static bool operator >(EventPosition left, EventPosition right) => left.CompareTo(right) > 0;

    /// <summary>True unless the one comes after the other.</summary>
    public static bool operator <=(EventPosition left, EventPosition right) => left.CompareTo(right) <= 0;

    /// <summary>True unless the one comes before the other.</summary>
    public static bool operator >=(EventPosition left, EventPosition right) => left.CompareTo(right) >= 0;

    /// <summary>The event's id.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}-{Rank}");
}
