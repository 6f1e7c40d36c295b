using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client;

/// <summary>Something that happened to a task.</summary>
/// <param name="Name"><c>task.</c> and the state that it went into, or <see cref="Progress"/>.</param>
/// <param name="Task">The task as it was then, without its input; with the result in the final event, unless that is larger than 256 KiB.</param>
public sealed record TaskEvent(string Name, TaskResponse Task)
{
    /// <summary>The name of a progress report: <see cref="TaskResponse.Progress"/> has it.</summary>
    public const string Progress = "task.progress";
}
