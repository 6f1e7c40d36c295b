using System.Net;
using System.Net.Sockets;

namespace Messaging.Infrastructure.Outbound;

/// <summary>
/// Opens the connections of an HTTP client that is sent to addresses from outside: resolves, checks (<see cref="AddressGuard"/>) and connects to what was
/// checked. There is no second resolution that could answer otherwise, and each new connection is checked anew.
/// </summary>
/// <param name="rules">What may be reached.</param>
/// <param name="resolve">Resolves a host's name; null: as the system does.</param>
public sealed class GuardedConnector(AddressRules rules, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve = resolve ?? Dns.GetHostAddressesAsync;

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="RefusedAddressException">The host has no address that may be reached.</exception>
    /// <exception cref="SocketException">It can't be resolved or does not answer.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var resolved = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, cancellationToken);
        var addresses = AddressGuard.Allowed(host, resolved, rules);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
