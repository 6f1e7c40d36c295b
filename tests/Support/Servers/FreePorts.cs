using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Messaging.Tests.Support.Servers;

/// <summary>
/// Finds free loopback ports below the range the kernel takes for outgoing connections. Inside that range a client that reconnects to
/// a stopped server can be given the server's own port: it then talks to itself, and the server cannot come back.
/// Another process may still take a port before the server does, so starting is tried again with other ports.
/// </summary>
public static class FreePorts
{
    /// <summary>How often a server is started with new ports before giving up.</summary>
    public const int Attempts = 5;

    private const int Lowest = 15_000;

    /// <summary>Finds this many ports that nothing listens on.</summary>
    public static int[] Find(int count)
    {
        var listeners = new List<Socket>();
        try
        {
            while (listeners.Count < count)
            {
                if (TryBind(Random.Shared.Next(Lowest, EndOfRange())) is { } listener)
                    listeners.Add(listener);
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndPoint!).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }

    /// <summary>Whether something can listen on this loopback port now.</summary>
    public static bool IsFree(int port)
    {
        using var listener = TryBind(port);
        return listener is not null;
    }

    private static Socket? TryBind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static int EndOfRange()
    {
        const string setting = "/proc/sys/net/ipv4/ip_local_port_range";
        var first = File.Exists(setting) ? int.Parse(File.ReadAllText(setting).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 32_768;
        return Math.Max(first, Lowest + 1_000);
    }
}
