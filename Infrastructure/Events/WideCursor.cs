using System.Globalization;
using Messaging.Infrastructure.Store.Events;

namespace Messaging.Infrastructure.Events;

/// <summary>
/// Where a wide stream can go on: everything that happened up to this moment of the ledger's clock has been sent. As text it stands behind
/// the <c>@</c> in an event's id; in front of it is the event's id in its own task's stream, by which a repetition is known.
/// </summary>
/// <param name="UpTo">The moment.</param>
public readonly record struct WideCursor(DateTimeOffset UpTo)
{
    /// <summary>Reads an event's id.</summary>
    public static bool TryParse(string? text, out WideCursor cursor)
    {
        cursor = default;
        if (text?.Split('@') is not [var position, var upTo]
            || (position.Length > 0 && !EventPosition.TryParse(position, out _))
            || !long.TryParse(upTo, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            return false;
        cursor = new WideCursor(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
        return true;
    }

    /// <summary>The id of an event, or, without one, of the stream's being alive.</summary>
    public string IdOf(TaskEvent? taskEvent) => string.Create(CultureInfo.InvariantCulture, $"{taskEvent?.Position}@{UpTo.ToUnixTimeMilliseconds()}");
}
