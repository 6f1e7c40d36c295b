using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Producer.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>Instances of the contracts' records for the document: they can't differ from the records.</summary>
internal static class Examples
{
    public const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    public static readonly Guid TaskId = new("01a1fc24-4278-79a1-af02-c94fc0685ef6");
    public static readonly DateTimeOffset Created = new(2026, 11, 21, 3, 26, 37, 176, TimeSpan.Zero);
    public static readonly TaskFailure Failure = new("handler-error", "The mail server does not answer.", true);

    private static readonly Guid Worker = new("01a1fc20-91c4-7d0e-8a5b-0d6f2a1b9c3e");
    private static readonly RawJson Input = Raw("""{"message":"hello"}""");

    public static readonly TaskResponse Queued = new()
    {
        Id = TaskId,
        Kind = "debug.echo",
        Queue = "default",
        State = TaskState.Queued,
        Input = Input,
        Attempt = 0,
        MaxAttempts = 5,
        Tags = ["shop"],
        CreatedAt = Created,
        Links = TaskLinks.Of(TaskId),
    };

    public static readonly TaskResponse Succeeded = Queued with
    {
        State = TaskState.Succeeded,
        Result = Raw("""{"message":"hello","attempt":1}"""),
        Attempt = 1,
        StartedAt = Created.AddMilliseconds(306),
        FinishedAt = Created.AddMilliseconds(1362),
    };

    public static readonly TaskResponse Running = Queued with
    {
        State = TaskState.Running,
        Attempt = 1,
        StartedAt = Created.AddMilliseconds(306),
        Progress = new TaskProgress(50, "step 1 of 2"),
        CancelRequested = true,
    };

    public static readonly TaskResponse Failed = Queued with
    {
        State = TaskState.Failed,
        Failure = Failure,
        Fingerprint = "c6690f7c57d22580",
        Attempt = 5,
        StartedAt = Created.AddSeconds(30),
        FinishedAt = Created.AddSeconds(31),
    };

    public static readonly SubmitTaskRequest Submit = new()
    {
        Kind = "debug.echo",
        Input = Input,
        Delay = TimeSpan.FromSeconds(30),
        Timeout = TimeSpan.FromMinutes(1),
        MaxAttempts = 3,
        Tags = ["shop"],
        IdempotencyKey = "order-4711-mail",
    };

    public static readonly Page<TaskResponse> Tasks = new([Succeeded with { Input = null, Result = null }], TaskId.ToString());

    public static readonly Page<AttemptResponse> Attempts = new(
    [
        new(1, Worker, Created.AddMilliseconds(306), Created.AddMilliseconds(412), AttemptOutcomes.Failed, Failure),
        new(2, Worker, Created.AddSeconds(2), Created.AddSeconds(3), AttemptOutcomes.Succeeded, null),
    ]);

    public static readonly ExplainResponse Explain = new(
        TaskId,
        TaskState.Queued,
        ExplainReasons.NoWorkerForKind,
        "1 consumer process listens on queue 'mail', but none has a handler for the kind 'mail.send'. Deploy a worker that has.",
        Created,
        null,
        0,
        new ExplainWorkers(2, 1, 0, 0, 0),
        null);

    public static readonly DeadLetterGroupsResponse Groups = new(
        [new("c6690f7c57d22580", 3, "debug.echo", Failure.Code, Failure.Message, Created, Created.AddSeconds(31), [TaskId])], 1);

    public static readonly OperationBody NewOperation = new(
        "retry", new DeadLetterFilterBody(Kind: "debug.echo"), RatePerSecond: 100, Reason: "the shop is back");

    public static readonly OperationResponse Operation = new()
    {
        Id = TaskId,
        Action = "retry",
        Filter = new DeadLetterFilterShape(Kind: "debug.echo"),
        State = "running",
        RatePerSecond = 100,
        Reason = "the shop is back",
        Total = 3,
        TotalIsExact = true,
        Matched = 1,
        Done = 1,
        Skipped = 0,
        Failed = 0,
        CreatedAt = Created,
        StartedAt = Created.AddMilliseconds(4),
    };

    public static readonly DryRunResponse DryRun = new("retry", Operation.Filter, 3, true, [Failed with { Input = null }]);

    public static readonly KindResponse Kind = new(
        "debug.echo",
        "Says its message back, after a while, with failures and progress as asked for.",
        "default",
        TimeSpan.FromMinutes(5),
        RetryPolicy.Default,
        TimeSpan.FromMilliseconds(1.2),
        Raw("""{"type":"object","properties":{"message":{"type":"string"}},"required":["message"],"additionalProperties":false}"""),
        Raw("""{"type":"object","properties":{"message":{"type":"string"},"attempt":{"type":"integer"}}}"""));

    public static readonly WorkerResponse Consumer = new(
        Worker, "worker-1", 42, "0.1.0", ["default"], ["debug.echo", "http.fetch"], 100, 3, false, Created, TimeSpan.FromMilliseconds(412));

    public static readonly LedgerResponse Ledger = new()
    {
        CheckedAt = Created,
        CheckedUpTo = Created.AddMinutes(-1),
        Duration = TimeSpan.FromMilliseconds(38),
        Accepted = 1_000_000,
        Ended = 999_990,
        Open = new LedgerOpen(2, 0, 5, 3),
        Unaccounted = 0,
        Overdue = 0,
        OrphanClaims = 0,
        Outbox = new LedgerOutbox(0, TimeSpan.Zero),
        Repairs = new Dictionary<string, long> { ["lost-in-broker"] = 0 },
    };

    public static readonly FileResponse File = new(
        TaskId,
        "report.csv",
        "text/csv",
        1_073_741_824,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        Created,
        Created.AddDays(30),
        null,
        FileLinks.Of(TaskId));

    public static readonly KeyBody NewKey = new(
        "deploy bot", ["submit", "read"], ExpiresIn: TimeSpan.FromDays(90), RatePerSecond: 100, Reason: "nightly deploys");

    public static readonly KeyResponse Key = new()
    {
        Id = "k3v9m2x7qa",
        Name = "deploy bot",
        Scopes = ["submit", "read"],
        CreatedAt = Created,
        ExpiresAt = Created.AddDays(90),
        RatePerSecond = 100,
    };

    public static readonly KeyResponse MadeKey = Key with { Secret = "msg_k3v9m2x7qa_…" };

    public static readonly Page<AuditResponse> Audit = new(
    [
        new()
        {
            Id = 17,
            At = Created,
            Action = AuditActions.CancelTask,
            Target = $"task:{TaskId}",
            Actor = "key:k3v9m2x7qa",
            ActorName = "night shift",
            Address = "10.0.0.7",
            Reason = "wrong customer",
            Details = Raw("""{"running":false}"""),
        },
    ]);

    public static readonly HealthResponse Ready = new("ready", new Dictionary<string, HealthPart> { ["ledger"] = new("ok", null), ["broker"] = new("ok", null) });

    public static readonly HealthResponse Unavailable = new(
        "unavailable", new Dictionary<string, HealthPart> { ["ledger"] = new("away", "Postgres does not answer."), ["broker"] = new("ok", null) });

    /// <summary>What an NDJSON body or answer looks like.</summary>
    public static string Lines(params IEnumerable<object> lines) => string.Concat(lines.Select(line => JsonSerializer.Serialize(line, HttpJson.Options) + "\n"));

    /// <summary>Two lines of a batch.</summary>
    public static readonly string Batch = Lines(new { kind = "debug.echo", input = Input }, new { kind = "debug.ecko", input = Input });

    /// <summary>The answers to <see cref="Batch"/>.</summary>
    public static string BatchAnswers() => Lines(
        new BatchAnswer(0, StatusCodes.Status202Accepted, TaskId, null),
        new BatchAnswer(1, StatusCodes.Status422UnprocessableEntity, null, Problems.UnknownKind("debug.ecko", ["debug.echo"], StatusCodes.Status422UnprocessableEntity)));

    /// <summary>The events of a task.</summary>
    public const string TaskEvents =
        "retry: 1473\n\nid: 1795654863456000-2\nevent: task.queued\ndata: {\"id\":\"01a1fc24-…\",\"state\":\"queued\",…}\n\n"
        + "id: 1795654924470000-4\nevent: task.succeeded\ndata: {\"id\":\"01a1fc24-…\",\"state\":\"succeeded\",\"result\":{…},…}\n\n";

    private static RawJson Raw(string json) => new(Encoding.UTF8.GetBytes(json));
}
