using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Messaging.Tests.Support.Faults;

/// <summary>
/// Stands between a process and its server on loopback and plays a bad network: cuts, refuses, holds back, slows down.
/// Give clients <see cref="Port"/> in place of the server's.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly DnsEndPoint _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<ProxiedConnection, bool> _open = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _held;
    private volatile bool _refusing;
    private long _delayTicks;

    /// <summary>Starts to listen on a free port of 127.0.0.1, for a private server.</summary>
    /// <param name="targetPort">The server's port on 127.0.0.1.</param>
    public TcpProxy(int targetPort)
        : this(new DnsEndPoint("127.0.0.1", targetPort), answers: null)
    {
    }

    /// <summary>Starts to listen on a free port of 127.0.0.1, for a server wherever it is: one in a container may have an address of its own.</summary>
    /// <param name="server">Its URI.</param>
    /// <param name="answers">Makes, for each connection, what the server's bytes go through on their way to the client; null: as they are.</param>
    public TcpProxy(Uri server, Func<IByteFilter>? answers = null)
        : this(new DnsEndPoint(server.Host, server.Port), answers)
    {
    }

    private TcpProxy(DnsEndPoint target, Func<IByteFilter>? answers)
    {
        _target = target;
        Answers = answers;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>The port for clients.</summary>
    public int Port { get; }

    /// <summary>How many connections stand now.</summary>
    public int Connections => _open.Count;

    /// <summary>What each piece of data waits before it goes on, in both directions; zero at the start.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    private Func<IByteFilter>? Answers { get; }

    /// <summary>The same URI with the proxy's address and port.</summary>
    public Uri Through(Uri server) => new UriBuilder(server) { Host = "127.0.0.1", Port = Port }.Uri;

    /// <summary>Cuts every connection with a reset, as a network that breaks would; new ones are let through.</summary>
    /// <returns>How many were cut.</returns>
    public int Cut()
    {
        var cut = 0;
        foreach (var (connection, _) in _open)
            cut += connection.Reset() ? 1 : 0;
        return cut;
    }

    /// <summary>Cuts every connection and refuses new ones until <see cref="Resume"/>.</summary>
    public void Refuse()
    {
        _refusing = true;
        Cut();
    }

    /// <summary>Lets nothing through in either direction while all connections stand, as a cable that was pulled; until <see cref="Resume"/>.</summary>
    public void Hold() => _held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends <see cref="Refuse"/> and <see cref="Hold"/>.</summary>
    public void Resume()
    {
        _refusing = false;
        Interlocked.Exchange(ref _held, null)?.TrySetResult();
    }

    /// <summary>Closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Cut();
        Resume();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = new ProxiedConnection(client);
        _open.TryAdd(connection, true);
        try
        {
            if (_refusing)
            {
                connection.Reset();
                return;
            }

            await connection.Server.ConnectAsync(_target.Host, _target.Port, _stop.Token);
            client.NoDelay = connection.Server.NoDelay = true;
            var ask = CopyAsync(client.GetStream(), connection.Server.GetStream(), null);
            var answer = CopyAsync(connection.Server.GetStream(), client.GetStream(), Answers?.Invoke());
            await Task.WhenAny(ask, answer);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            connection.Reset(); // the client sees what happened to the server's side
        }
        finally
        {
            _open.TryRemove(connection, out _);
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, IByteFilter? filter)
    {
        var buffer = new byte[BufferSize];
        while (await from.ReadAsync(buffer, _stop.Token) is > 0 and var read)
        {
            if (Delay is { Ticks: > 0 } delay)
                await Task.Delay(delay, TimeProvider.System, _stop.Token);
            while (_held is { } held)
                await held.Task.WaitAsync(_stop.Token);
            var passed = filter is null ? buffer.AsMemory(0, read) : filter.Pass(buffer.AsMemory(0, read));
            if (passed.Length > 0)
                await to.WriteAsync(passed, _stop.Token);
        }
    }

    private sealed class ProxiedConnection(TcpClient client) : IDisposable
    {
        public TcpClient Server { get; } = new();

        public bool Reset()
        {
            try
            {
                if (client.Client is not { } socket || Server.Client is not { } other)
                    return false; // it was closed already
                socket.LingerState = other.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false; // the same, a moment later
            }

            Dispose();
            return true;
        }

        public void Dispose()
        {
            client.Dispose();
            Server.Dispose();
        }
    }
}

/// <summary>What bytes go through on their way. One for each connection and direction, called by one thread at a time.</summary>
public interface IByteFilter
{
    /// <summary>Takes what has come and answers what goes on; what is held back may go on with a later call.</summary>
    ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> bytes);
}
