using System.Globalization;

namespace Messaging.Infrastructure.Store.DeadLetters;

/// <summary>A place among the dead letters, which are ordered by the time of failure, then by id.</summary>
/// <param name="FinishedAt">When it failed, to the microsecond as Postgres keeps it.</param>
/// <param name="TaskId">The task.</param>
public readonly record struct DeadLetterPosition(DateTime FinishedAt, Guid TaskId)
{
    /// <summary>Before all.</summary>
    public static DeadLetterPosition Oldest { get; } = new(DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc), Guid.Empty);

    /// <summary>Behind all.</summary>
    public static DeadLetterPosition Newest { get; } = new(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc), Guid.AllBitsSet);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string text, out DeadLetterPosition position)
    {
        ArgumentNullException.ThrowIfNull(text);
        position = default;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1
            || !long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            || microseconds > DateTime.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond
            || !Guid.TryParseExact(text.AsSpan(dash + 1), "D", out var id))
            return false;
        position = new DeadLetterPosition(new DateTime(microseconds * TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc), id);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{FinishedAt.Ticks / TimeSpan.TicksPerMicrosecond}-{TaskId}");
}
