using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;

namespace Messaging.Producer.OpenApi;

/// <summary>Instances of the records that have to do with callbacks.</summary>
internal static class CallbackExamples
{
    private static readonly Guid Delivery = new("01a1fc24-4a1c-7c35-9e4b-5d1c2f7e8a90");

    public static readonly CallbackEndpointBody NewEndpoint = new("shop", "https://shop.example/hooks/tasks", ["task.succeeded", "task.failed"], Reason: "orders");

    public static readonly CallbackEndpointPatch Patch = new("https://shop.example/hooks/tasks", ["task.succeeded", "task.failed"]);

    public static readonly CallbackEndpointResponse Endpoint = new()
    {
        Name = "shop",
        Url = "https://shop.example/hooks/tasks",
        Events = ["task.succeeded", "task.failed"],
        CreatedAt = Examples.Created,
        Secrets = [new CallbackSecretResponse(Examples.Created)],
    };

    public static readonly CallbackEndpointResponse Disabled = Endpoint with { DisabledAt = Examples.Created.AddHours(1), DisabledReason = "operator" };

    /// <summary>Looks like one, and is none.</summary>
    public static readonly CallbackEndpointResponse MadeEndpoint = Endpoint with { Secret = "whsec_…" };

    public static readonly SecretRotationBody Rotation = new(KeepOldFor: TimeSpan.FromHours(6), Reason: "yearly");

    public static readonly CallbackSecretsResponse Secrets = new([new CallbackSecretResponse(Examples.Created, Secret: "whsec_…")]);

    public static readonly CallbackDeliveryResponse Sent = new()
    {
        Id = Delivery,
        WebhookId = $"msg_{Delivery:N}",
        Type = "task.succeeded",
        Timestamp = Examples.Created.AddMilliseconds(1362),
        Endpoint = "shop",
        State = TaskState.Succeeded,
        Attempts = [new CallbackAttemptResponse(Examples.Created.AddMilliseconds(1500), 1, 41.5, 204)],
        Links = CallbackLinks.Of(Examples.TaskId, Delivery),
    };

    public static readonly CallbackDeliveryResponse Waiting = Sent with
    {
        State = TaskState.Scheduled,
        NextAttemptAt = Examples.Created.AddSeconds(6),
        Attempts = [new CallbackAttemptResponse(Examples.Created.AddMilliseconds(1500), 1, 41.5, 503, "it answered 503")],
    };

    public static readonly TaskCallbacksResponse Callbacks = new(new CallbackRequest { Endpoint = "shop" }, [Sent]);

    public static readonly CallbackMessage Message = new("task.succeeded", Examples.Created.AddMilliseconds(1362), Examples.Succeeded with { Input = null });

    public static readonly CallbackTestMessage TestMessage = new(CallbackEventNames.Test, Examples.Created, new CallbackTestData("shop"));
}
