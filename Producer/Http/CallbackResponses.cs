using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Http;

/// <summary>Shows callbacks, endpoints and, where that is allowed, secrets.</summary>
internal static class CallbackResponses
{
    /// <summary>An endpoint as the ledger has it.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="secret">Only in the answer that made it.</param>
    public static CallbackEndpointResponse Of(CallbackEndpoint endpoint, byte[]? secret = null) => new()
    {
        Name = endpoint.Name,
        Url = endpoint.Url,
        Events = CallbackEventNames.Of(endpoint.Events),
        CreatedAt = endpoint.CreatedAt,
        DisabledAt = endpoint.DisabledAt,
        DisabledReason = endpoint.DisabledReason,
        Secrets = [.. endpoint.Secrets.Select(s => new CallbackSecretResponse(s.CreatedAt, s.ExpiresAt))],
        Secret = secret is null ? null : CallbackSecret.ToText(secret),
    };

    /// <summary>The secrets of addresses, for whoever may see them.</summary>
    public static CallbackSecretsResponse Of(IReadOnlyList<SigningSecret> secrets) =>
        new([.. secrets.Select(s => new CallbackSecretResponse(s.CreatedAt, s.ExpiresAt, CallbackSecret.ToText(s.Secret)))]);

    /// <summary>Whom a task wants to be told, and how that went.</summary>
    public static TaskCallbacksResponse Of(Guid taskId, TaskCallbacks callbacks) => new(
        callbacks.Asked is not { } asked ? null : new CallbackRequest
        {
            Url = asked.Url,
            Endpoint = asked.Endpoint,
            Events = asked.Events is { } events ? CallbackEventNames.Of(events) : null,
        },
        [.. callbacks.Deliveries.Select(d => Of(taskId, d))]);

    /// <summary>Answers with what nobody may keep.</summary>
    public static JsonHttpResult<T> Answer<T>(HttpResponse response, T body, int status = StatusCodes.Status200OK)
    {
        response.Headers.CacheControl = "no-store";
        return TypedResults.Json(body, HttpJson.Options, statusCode: status);
    }

    private static CallbackDeliveryResponse Of(Guid taskId, ListedDelivery delivery) => new()
    {
        Id = delivery.Id,
        WebhookId = CallbackDelivery.IdOf(delivery.Message),
        Type = delivery.Event is { } state ? CallbackEventNames.Of(state) : CallbackEventNames.Test,
        Timestamp = delivery.Happened,
        Url = delivery.Target.Url,
        Endpoint = delivery.Target.Endpoint,
        State = delivery.State,
        NextAttemptAt = delivery.NextAttemptAt,
        Failure = delivery.Failure,
        Attempts =
        [
            .. delivery.Attempts.Select(a => new CallbackAttemptResponse(a.SentAt, a.Attempt, Math.Round(a.Duration.TotalMilliseconds, 1), a.Status, a.Error)),
        ],
        Links = CallbackLinks.Of(taskId, delivery.Id),
    };
}
