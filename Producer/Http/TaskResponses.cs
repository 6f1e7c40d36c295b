using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Submit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Http;

/// <summary>Shows tasks.</summary>
internal static class TaskResponses
{
    /// <summary>A task as the ledger has it.</summary>
    public static TaskResponse Of(TaskRecord task) => task.ToResponse();

    /// <summary>A task that was just accepted, without asking the ledger again.</summary>
    public static TaskResponse Of(NewTask task, DateTimeOffset now) => new()
    {
        Id = task.Id,
        Kind = task.Kind,
        Queue = task.Queue,
        State = task.RunAt > now ? TaskState.Scheduled : TaskState.Queued,
        Input = new RawJson(task.Input),
        Attempt = 0,
        MaxAttempts = task.MaxAttempts,
        Tags = task.Tags,
        CreatedAt = IdTime.Of(task.Id),
        RunAt = task.RunAt,
        Deadline = task.Deadline,
        Links = TaskLinks.Of(task.Id, task.Callback is not null),
    };

    /// <summary>Answers with a task and its <c>ETag</c>, or with 304, and with a hint when to ask again if it has not ended.</summary>
    public static EntityResult Entity(HttpResponse response, TaskResponse task)
    {
        if (!task.State.IsFinal())
            response.Headers.RetryAfter = "1";
        return new EntityResult(JsonSerializer.SerializeToUtf8Bytes(task, HttpJson.Options));
    }

    /// <summary>Answers with a task, and with a hint when to ask again if it has not ended.</summary>
    public static JsonHttpResult<TaskResponse> Answer(HttpResponse response, TaskResponse task, int status = StatusCodes.Status200OK)
    {
        response.Headers.CacheControl = "no-store";
        if (!task.State.IsFinal())
            response.Headers.RetryAfter = "1";
        return TypedResults.Json(task, HttpJson.Options, statusCode: status);
    }
}
