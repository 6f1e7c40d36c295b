namespace Messaging.Contracts.Http;

/// <summary>Something that a person did, as <c>GET /v1/audit</c> shows it. A member without a value is left out.</summary>
public sealed record AuditResponse
{
    /// <summary>Rises with time.</summary>
    public required long Id { get; init; }

    /// <summary>When, by the ledger's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What: one of <see cref="AuditActions"/>.</summary>
    public required string Action { get; init; }

    /// <summary>With what: <c>task:ID</c>, <c>operation:ID</c>, <c>file:ID</c>, <c>key:ID</c>, <c>callback-endpoint:NAME</c>, <c>callback-secret</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Who: <c>key:ID</c>, <c>anonymous</c> or <c>cli</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>The key's name, or the user and machine of the command line.</summary>
    public string? ActorName { get; init; }

    /// <summary>The address that the request came from.</summary>
    public string? Address { get; init; }

    /// <summary>Why, as the person said.</summary>
    public string? Reason { get; init; }

    /// <summary>More of what was done; each action has members of its own.</summary>
    public RawJson? Details { get; init; }
}

/// <summary>The values of <see cref="AuditResponse.Action"/>.</summary>
public static class AuditActions
{
    /// <summary>A task was called off, or its worker was told to stop it.</summary>
    public const string CancelTask = "task.cancel";

    /// <summary>A failed task was queued again.</summary>
    public const string RetryTask = "task.retry";

    /// <summary>A finished task was removed.</summary>
    public const string RemoveTask = "task.remove";

    /// <summary>A dead letter was put away.</summary>
    public const string DiscardDeadLetter = "dead-letter.discard";

    /// <summary>An operation on many dead letters was started.</summary>
    public const string StartOperation = "operation.start";

    /// <summary>An operation was stopped.</summary>
    public const string StopOperation = "operation.stop";

    /// <summary>An upload was deleted.</summary>
    public const string DeleteFile = "file.delete";

    /// <summary>An API key was made.</summary>
    public const string CreateKey = "key.create";

    /// <summary>An API key was revoked.</summary>
    public const string RevokeKey = "key.revoke";

    /// <summary>An endpoint for callbacks was registered.</summary>
    public const string CreateCallbackEndpoint = "callback-endpoint.create";

    /// <summary>An endpoint got another address, or other events.</summary>
    public const string ChangeCallbackEndpoint = "callback-endpoint.change";

    /// <summary>An endpoint was disabled by a person.</summary>
    public const string DisableCallbackEndpoint = "callback-endpoint.disable";

    /// <summary>An endpoint was enabled again.</summary>
    public const string EnableCallbackEndpoint = "callback-endpoint.enable";

    /// <summary>An endpoint was deleted, with its secrets.</summary>
    public const string DeleteCallbackEndpoint = "callback-endpoint.delete";

    /// <summary>A test was sent to an endpoint.</summary>
    public const string TestCallbackEndpoint = "callback-endpoint.test";

    /// <summary>An endpoint, or the addresses together, got another secret.</summary>
    public const string RotateCallbackSecret = "callback-secret.rotate";

    /// <summary>The secret of addresses was shown.</summary>
    public const string ShowCallbackSecret = "callback-secret.show";

    /// <summary>A callback was sent once more, or sooner.</summary>
    public const string ResendCallback = "callback.resend";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        CancelTask, RetryTask, RemoveTask, DiscardDeadLetter, StartOperation, StopOperation, DeleteFile, CreateKey, RevokeKey,
        CreateCallbackEndpoint, ChangeCallbackEndpoint, DisableCallbackEndpoint, EnableCallbackEndpoint, DeleteCallbackEndpoint, TestCallbackEndpoint, RotateCallbackSecret,
        ShowCallbackSecret, ResendCallback,
    ];
}
