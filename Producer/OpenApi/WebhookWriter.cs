using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>Writes what receivers of callbacks are sent: once, as webhooks; the operations that bring a receiver refer to them as their callbacks.</summary>
internal static class WebhookWriter
{
    /// <summary>The message of a task's end.</summary>
    public const string TaskEnded = "taskEnded";

    /// <summary>The message of <c>POST /v1/callback-endpoints/{name}/test</c>.</summary>
    public const string CallbackTest = "callbackTest";

    /// <summary>The document's <c>webhooks</c>.</summary>
    public static JsonObject Write(SchemaWriter schemas) => new()
    {
        [TaskEnded] = Post(
            TaskEnded,
            "A task has ended",
            "Sent to the `callback` of a task (Standard Webhooks 1.0). Verify the signature before anything else; a `webhook-id` that was seen before is a repetition.",
            schemas.Of(Shape.Of<CallbackMessage>()),
            CallbackExamples.Message),
        [CallbackTest] = Post(
            CallbackTest,
            "Somebody tries an endpoint",
            "Sent to an endpoint for `POST /v1/callback-endpoints/{name}/test`, signed like every other message. No task has ended: answer it with 2xx and do nothing.",
            schemas.Of(Shape.Of<CallbackTestMessage>()),
            CallbackExamples.TestMessage),
    };

    /// <summary>An operation's <c>callbacks</c>.</summary>
    public static JsonObject Write(IEnumerable<Callback> callbacks) => new(callbacks.GroupBy(callback => callback.Webhook).Select(group => KeyValuePair.Create<string, JsonNode?>(
        group.Key,
        new JsonObject(group.Select(callback => KeyValuePair.Create<string, JsonNode?>(
            callback.Expression, new JsonObject { ["$ref"] = $"#/webhooks/{callback.Webhook}" }))))));

    private static JsonObject Post(string id, string summary, string text, JsonObject schema, object example) => new()
    {
        ["post"] = new JsonObject
        {
            ["operationId"] = id,
            ["tags"] = new JsonArray(ApiTags.Callbacks),
            ["summary"] = summary,
            ["description"] = text,
            ["security"] = new JsonArray(),
            ["parameters"] = new JsonArray(
                Header("webhook-id", "The same whenever this event is sent again."),
                Header("webhook-timestamp", "When this attempt was made, in seconds since 1970."),
                Header("webhook-signature", "`v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`; several, separated by spaces, while a secret is rotated.")),
            ["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject
                {
                    ["application/json"] = new JsonObject { ["schema"] = schema, ["example"] = JsonSerializer.SerializeToNode(example, HttpJson.Options) },
                },
            },
            ["responses"] = new JsonObject
            {
                ["2XX"] = new JsonObject { ["description"] = "It is taken." },
                ["410"] = new JsonObject { ["description"] = "Send nothing here any more." },
                ["default"] = new JsonObject { ["description"] = "Send it again later; with 429 and 503 not before `Retry-After`." },
            },
        },
    };

    private static JsonObject Header(string name, string text) => new()
    {
        ["name"] = name,
        ["in"] = "header",
        ["required"] = true,
        ["description"] = text,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };
}
