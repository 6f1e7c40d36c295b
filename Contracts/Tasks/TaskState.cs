using System.Text.Json.Serialization;

namespace Messaging.Contracts.Tasks;

/// <summary>
/// Where a task is in its life. The numbers are stored in the ledger and never change their meaning;
/// on the wire a state is its camelCase name. <c>Infrastructure/Store/TaskTransitions.cs</c> holds the legal moves.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskState>))]
public enum TaskState : short
{
    /// <summary>Waits for a time: a delay, a retry, a schedule.</summary>
    [JsonStringEnumMemberName("scheduled")]
    Scheduled = 0,

    /// <summary>Waits for other tasks, an order key or a limit.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting = 1,

    /// <summary>May run: it is with the relay, in the broker or in a worker's hands.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued = 2,

    /// <summary>A worker has claimed it.</summary>
    [JsonStringEnumMemberName("running")]
    Running = 3,

    /// <summary>Final: it returned a result.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded = 4,

    /// <summary>Final: it failed for good and is a dead letter.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed = 5,

    /// <summary>Final: somebody, or its own handler, called it off.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 6,

    /// <summary>Final: it could not start before its deadline.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired = 7,
}

/// <summary>Questions about a <see cref="TaskState"/>.</summary>
public static class TaskStates
{
    /// <summary>True for the states that a task never leaves by itself.</summary>
    public static bool IsFinal(this TaskState state) => state >= TaskState.Succeeded;
}
