using Messaging.Contracts.Http;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>How a task is shown: the one shape of HTTP answers, events and callbacks.</summary>
public static class TaskAsShown
{
    /// <summary>A task as the ledger has it.</summary>
    public static TaskResponse ToResponse(this TaskRecord task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return new TaskResponse
        {
            Id = task.Id,
            Kind = task.Kind,
            Queue = task.Queue,
            State = task.State,
            Input = task.Input is { } input ? new RawJson(input) : null,
            Result = task.Result is { } result ? new RawJson(result) : null,
            Failure = task.Failure,
            Fingerprint = task.Fingerprint,
            DiscardedAt = task.DiscardedAt,
            Attempt = task.Attempt,
            MaxAttempts = task.MaxAttempts,
            Progress = task.Progress,
            CancelRequested = task.CancelRequested ? true : null,
            Tags = task.Tags,
            CreatedAt = IdTime.Of(task.Id),
            RunAt = task.RunAt,
            Deadline = task.Deadline,
            StartedAt = task.StartedAt,
            FinishedAt = task.FinishedAt,
            Links = TaskLinks.Of(task.Id, task.HasCallback),
        };
    }
}
