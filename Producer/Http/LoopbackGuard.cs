using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Messaging.Producer.Http;

/// <summary>
/// Without keys anybody who reaches the service may use it. So it listens on loopback only, unless <c>Messaging:Anonymous</c> says in so
/// many words that everybody may.
/// </summary>
internal static class LoopbackGuard
{
    /// <summary>Checks every endpoint before it is bound.</summary>
    public static void Set(KestrelServerOptions kestrel, IConfiguration configuration)
    {
        if (configuration.GetValue<bool>("Messaging:Anonymous"))
            return;
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            if (endpoint.IPEndPoint is { } address && !IPAddress.IsLoopback(address.Address))
                throw new ListenRefusedException(address);
        });
    }
}

/// <summary>The service was told to listen where strangers could reach it.</summary>
internal sealed class ListenRefusedException(IPEndPoint address) : Exception(
    $"Refusing to listen on {address}: without API keys everybody who reaches the service may use it. " +
    "Listen on loopback (http://127.0.0.1:PORT), or allow everybody with Messaging:Anonymous=true (environment: Messaging__Anonymous=true).");
