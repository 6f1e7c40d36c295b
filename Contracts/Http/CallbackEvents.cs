using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>Of which ends of tasks somebody is told. Stored as a number: the values never change.</summary>
[Flags]
public enum CallbackEvents
{
    /// <summary>Of none.</summary>
    None = 0,

    /// <summary><c>task.succeeded</c>.</summary>
    Succeeded = 1,

    /// <summary><c>task.failed</c>: for good, not an attempt.</summary>
    Failed = 2,

    /// <summary><c>task.cancelled</c>.</summary>
    Cancelled = 4,

    /// <summary><c>task.expired</c>: it could not start before its deadline.</summary>
    Expired = 8,

    /// <summary>Of all.</summary>
    All = Succeeded | Failed | Cancelled | Expired,
}

/// <summary>The events by their names: the <c>type</c> of a callback.</summary>
public static class CallbackEventNames
{
    /// <summary>Not the end of a task, but somebody who tries an endpoint.</summary>
    public const string Test = "callback.test";

    private static readonly (CallbackEvents Event, string Name)[] Names =
    [
        (CallbackEvents.Succeeded, "task.succeeded"), (CallbackEvents.Failed, "task.failed"), (CallbackEvents.Cancelled, "task.cancelled"),
        (CallbackEvents.Expired, "task.expired"),
    ];

    /// <summary>All names, for error messages.</summary>
    public const string All = "task.succeeded, task.failed, task.cancelled, task.expired";

    /// <summary>The names of the events, in a fixed order.</summary>
    public static IReadOnlyList<string> Of(CallbackEvents events) => [.. Names.Where(n => events.HasFlag(n.Event)).Select(n => n.Name)];

    /// <summary>The name of a final state's event.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The state is not final.</exception>
    public static string Of(TaskState state) => state switch
    {
        TaskState.Succeeded => Names[0].Name,
        TaskState.Failed => Names[1].Name,
        TaskState.Cancelled => Names[2].Name,
        TaskState.Expired => Names[3].Name,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Only final states are told."),
    };

    /// <summary>Reads one name.</summary>
    public static bool TryParse(string name, out CallbackEvents found)
    {
        found = Array.Find(Names, n => n.Name == name).Event;
        return found != CallbackEvents.None;
    }
}
