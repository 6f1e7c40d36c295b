using System.Net.Sockets;
using System.Text;

namespace Messaging.Tests.Support.Web;

/// <summary>
/// A client that asks for something and reads no more of the answer than that it has begun: its connection stands, its small receive buffer is soon full, and then the
/// server can send no more.
/// </summary>
public sealed class StuckReader : IDisposable
{
    private const int ReceiveBuffer = 4 * 1024;
    private const string Success = "HTTP/1.1 200";

    private readonly Socket _socket;

    private StuckReader(Socket socket) => _socket = socket;

    /// <summary>Connects and asks; returns when the answer has begun.</summary>
    /// <param name="address">For what, with <c>GET</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">It is no success.</exception>
    public static async Task<StuckReader> OpenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        // Set before connecting: both sides agree on the largest window then.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBuffer };
        await socket.ConnectAsync(address.Host, address.Port, cancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"), cancellationToken);
        var begin = new byte[Success.Length];
        for (var read = 0; read < begin.Length;)
            read += await socket.ReceiveAsync(begin.AsMemory(read), cancellationToken) is > 0 and var more ? more : throw new InvalidOperationException("There was no answer.");
        return Encoding.ASCII.GetString(begin) is Success ? new StuckReader(socket) : throw new InvalidOperationException($"{address} answers with {Encoding.ASCII.GetString(begin)}.");
    }

    /// <summary>Reads at last, to the end, and answers how many bytes had been sent.</summary>
    public async Task<long> ReadToEndAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var total = 0L;
        try
        {
            while (await _socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var read)
                total += read;
        }
        catch (SocketException)
        {
            // Reset: that is an end as well.
        }

        return total;
    }

    /// <summary>Hangs up.</summary>
    public void Dispose() => _socket.Dispose();
}
