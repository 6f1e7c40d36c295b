using Messaging.Infrastructure.Callbacks;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>A valid task on its way into the ledger.</summary>
/// <param name="Id">From <see cref="Connections.LedgerClock.NewTaskId"/>.</param>
/// <param name="Kind">A registered kind.</param>
/// <param name="Queue">Where it runs.</param>
/// <param name="Input">UTF-8 JSON, valid and without NUL; stored as it is.</param>
/// <param name="Timeout">Of one attempt.</param>
/// <param name="MaxAttempts">In all.</param>
/// <param name="RunAt">Not before; null, or a time past, means at once.</param>
/// <param name="Tags">May be empty. Without control characters, without duplicates.</param>
/// <param name="TraceParent">The W3C trace context of the request, or null.</param>
/// <param name="Deadline">What has not started before it ends expired; null: none.</param>
/// <param name="IdempotencyKey">The caller's own name for it, if it must not be made twice; null: none.</param>
/// <param name="Callback">Who is told when it ends; null: nobody.</param>
public sealed record NewTask(
    Guid Id,
    string Kind,
    string Queue,
    ReadOnlyMemory<byte> Input,
    TimeSpan Timeout,
    int MaxAttempts,
    DateTimeOffset? RunAt,
    IReadOnlyList<string> Tags,
    string? TraceParent,
    DateTimeOffset? Deadline = null,
    IdempotencyKey? IdempotencyKey = null,
    NewCallback? Callback = null);
