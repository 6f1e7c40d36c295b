using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Audit;

namespace Messaging.Producer.Access;

/// <summary>Who makes a request.</summary>
internal static class Callers
{
    private static readonly object Slot = new();

    /// <summary>The key that the request was let in with; null: it is anonymous.</summary>
    public static ApiKey? Key(this HttpContext http) => http.Items.TryGetValue(Slot, out var key) ? (ApiKey?)key : null;

    /// <summary>Lets a request in with a key.</summary>
    public static void SetKey(this HttpContext http, ApiKey key) => http.Items[Slot] = key;

    /// <summary>What the audit log is told of the request.</summary>
    public static OnBehalf OnBehalf(this HttpContext http, string? reason)
    {
        var address = http.Connection.RemoteIpAddress?.ToString();
        return new OnBehalf(
            http.Key() is { } key ? new Actor($"key:{key.Id}", key.Name, address) : new Actor("anonymous", null, address), reason);
    }
}
