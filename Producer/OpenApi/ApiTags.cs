namespace Messaging.Producer.OpenApi;

/// <summary>The chapters of the OpenAPI document.</summary>
internal static class ApiTags
{
    public const string Tasks = "Tasks";
    public const string DeadLetters = "Dead letters";
    public const string Events = "Events";
    public const string Callbacks = "Callbacks";
    public const string Files = "Files";
    public const string Catalogue = "Kinds and workers";
    public const string Access = "Access";
    public const string Service = "Service";

    /// <summary>All of them in the order of the document, with what they are about.</summary>
    public static IReadOnlyList<(string Name, string Text)> All { get; } =
    [
        (Tasks, "Hand work over, look at it, wait for it, call it off."),
        (DeadLetters, "Tasks that failed for good and wait for a person: look, group by cause, retry or discard, one or all that match."),
        (Events, "What happens to tasks, as it happens: server-sent events (WHATWG HTML, section 9.2)."),
        (Callbacks, "Who is told of the end of a task: signed webhooks (Standard Webhooks 1.0)."),
        (Files, "What is too large for a task goes by reference. Streamed, with ranges (RFC 9110) and digests (RFC 9530)."),
        (Catalogue, "What can run, and who runs it."),
        (Access, "API keys and the audit log."),
        (Service, "The health, the check of the ledger, this document."),
    ];
}
