using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Messaging.Tests.Support.Servers;

/// <summary>
/// Finds free loopback ports below the range the kernel takes for outgoing connections. Inside that range a client that reconnects to
/// a stopped server can be given the server's own port: it then talks to itself, and the server cannot come back.
/// A port is given once, to one of all processes that ask here: between the asking and the listening lie seconds in which others ask too.
/// A stranger may still take it, so starting servers is tried again with other ports.
/// </summary>
public static class FreePorts
{
    /// <summary>How often a server is started with new ports before giving up.</summary>
    public const int Attempts = 5;

    private const int Lowest = 15_000;

    /// <summary>A port is taken by locking the byte of its number in this file (<c>fcntl</c>), which the kernel undoes when the process ends.</summary>
    public static readonly string TakenFile = Path.Combine(Path.GetTempPath(), $"messaging-ports-{Environment.UserName}");

    private static readonly FileStream Taken = new(TakenFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);

    // Its own locks a process does not feel.
    private static readonly HashSet<int> Ours = [];
    private static readonly Lock Gate = new();

    /// <summary>Finds this many ports that nothing listens on; they are this process's until it ends.</summary>
    public static int[] Find(int count)
    {
        var listeners = new List<Socket>();
        try
        {
            while (listeners.Count < count)
            {
                var port = Random.Shared.Next(Lowest, EndOfRange());
                if (TryTake(port) && TryBind(port) is { } listener)
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

    private static bool TryTake(int port)
    {
        lock (Gate)
        {
            if (!Ours.Add(port))
                return false;
            if (OperatingSystem.IsMacOS())
                return true; // which knows no locks of a part of a file
            try
            {
                Taken.Lock(port, 1);
                return true;
            }
            catch (IOException)
            {
                return false; // another process's
            }
        }
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
