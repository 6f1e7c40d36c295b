using System.Diagnostics;
using System.Globalization;
using Messaging.Tests.Support.Processes;
using RabbitMQ.Client;

namespace Messaging.Tests.Support.Servers;

/// <summary>
/// A private RabbitMQ: own data folder, loopback ports, Erlang cookie and name server (epmd), nothing of the machine's own RabbitMQ
/// read. It runs as the current user; about five seconds to start.
/// </summary>
public sealed class RabbitMqServer : IRabbitMq, IServer
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly DataFolder _folder;
    private readonly bool _management;
    private readonly string? _settings;
    private RabbitMqPorts? _ports;
    private Process? _names;
    private Process? _broker;

    /// <summary>Prepares a server; <see cref="StartAsync"/> starts it.</summary>
    /// <param name="folder">Where it keeps everything; a temporary folder when not given.</param>
    /// <param name="management">Whether to enable the management plugin, which the tests' own tools use and the product never does.</param>
    /// <param name="settings">More lines for its <c>rabbitmq.conf</c>.</param>
    public RabbitMqServer(DataFolder? folder = null, bool management = false, string? settings = null)
    {
        _folder = folder ?? DataFolder.Temporary("rabbitmq");
        _management = management;
        _settings = settings;
    }

    /// <inheritdoc/>
    public Uri Uri => new($"amqp://guest:guest@127.0.0.1:{Ports.Amqp}/");

    /// <inheritdoc/>
    public Uri? ManagementUri => _management ? new($"http://guest:guest@127.0.0.1:{Ports.Management}/") : null;

    /// <summary>Id of the broker's process; for measuring what it uses.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public int ProcessId => _broker?.Id ?? throw new InvalidOperationException("RabbitMQ does not run.");

    private RabbitMqPorts Ports => _ports ?? throw new InvalidOperationException("RabbitMQ has no port before its first start.");

    private string Log => _folder.Combine("rabbitmq", "rabbitmq.log");

    /// <summary>What it has logged since its folder was made.</summary>
    public string ReadLogs() => string.Concat(Directory
        .EnumerateFiles(_folder.Combine("rabbitmq"), "*.log", SearchOption.AllDirectories)
        .Select(file => new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)))
        .Select(reader =>
        {
            using (reader)
                return reader.ReadToEnd();
        }));

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_broker is { HasExited: false })
            return;
        var programs = ServerBinaries.RabbitMq() ?? throw ServerPackages.Missing("RabbitMQ");
        for (var attempt = 1; ; attempt++)
        {
            var ports = _ports ?? RabbitMqPorts.Find();
            var environment = RabbitMqEnvironment.Write(_folder, ports, _management, _settings);
            File.Delete(Log);
            // Started before the broker, which would otherwise start one that nobody knows the id of.
            if (_names is not { HasExited: false })
                _names = Start(programs.Root, programs.Names, ["-port", Text(ports.Names), "-address", "127.0.0.1"], environment);
            _broker = Start(programs.Root, programs.Server, [], environment);
            try
            {
                await WaitUntilReadyAsync(ports, cancellationToken);
                _ports = ports;
                return;
            }
            catch (Exception failure)
            {
                await EndAsync(CancellationToken.None);
                cancellationToken.ThrowIfCancellationRequested();
                var log = await ReadLogAsync();
                var portTaken = log.Contains("eaddrinuse", StringComparison.Ordinal) && _ports is null;
                if (!portTaken || attempt == FreePorts.Attempts)
                    throw new ServerStartException($"RabbitMQ did not come up: {LogTail.Of(log)} (log: {Log})", failure);
            }
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(StopMode mode = StopMode.Graceful, CancellationToken cancellationToken = default)
    {
        if (_broker is { } broker && mode == StopMode.Graceful)
        {
            Identify(broker)?.Signal(UnixSignal.Terminate);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StopLimit);
            try
            {
                await broker.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                broker.Kill();
            }
        }

        await EndAsync(cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// RabbitMQ 3.10 writes the names of new quorum queues to disk only after a second or two: a queue declared just before the kill
    /// stays without a leader for ever. A test that kills lets its queues be older than that.
    /// </remarks>
    public Task KillAsync(CancellationToken cancellationToken = default) => EndAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task RestartAsync(StopMode mode = StopMode.Graceful, CancellationToken cancellationToken = default)
    {
        await StopAsync(mode, cancellationToken);
        await StartAsync(cancellationToken);
    }

    /// <summary>Runs <c>rabbitmqctl</c> on it, such as <c>set_vm_memory_high_watermark 0.000001</c>, which raises the memory alarm.</summary>
    /// <exception cref="InvalidOperationException">It fails; shows what it wrote.</exception>
    public async Task ControlAsync(IEnumerable<string> arguments, CancellationToken cancellationToken = default)
    {
        var programs = ServerBinaries.RabbitMq() ?? throw ServerPackages.Missing("RabbitMQ");
        var environment = RabbitMqEnvironment.Write(_folder, Ports, _management, _settings);
        var (program, actual) = programs.Root.Enter(_folder.Path, programs.Control, ["-n", environment["RABBITMQ_NODENAME"]!, .. arguments]);
        await using var control = ManagedProcess.Start("rabbitmqctl", program, actual, environment);
        if (await control.Exit.WaitAsync(StopLimit, TimeProvider.System, cancellationToken) is not 0 and var code)
            throw new InvalidOperationException($"rabbitmqctl ended with exit code {code}. {control.LastLines()}");
    }

    /// <summary>Freezes the broker, as a long pause of its machine would: connections stand, nothing is answered.</summary>
    public void Freeze() => Identify(_broker!)?.Signal(UnixSignal.Stop);

    /// <summary>Ends <see cref="Freeze"/>.</summary>
    public void Thaw() => Identify(_broker!)?.Signal(UnixSignal.Continue);

    /// <summary>Stops it; a temporary data folder is removed.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(StopMode.Immediate);
        _folder.Release();
    }

    private Process Start(SystemRoot root, string program, IEnumerable<string> arguments, Dictionary<string, string?> environment)
    {
        var (actual, actualArguments) = root.Enter(_folder.Path, program, arguments);
        return DetachedProcess.Start(actual, actualArguments, environment, Log);
    }

    private async Task WaitUntilReadyAsync(RabbitMqPorts ports, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = _broker!.WaitForExitAsync(stop.Token);
        var ready = Eventually.TrueAsync(token => AcceptsClientsAsync(ports.Amqp, token), StartLimit, stop.Token);
        var first = await Task.WhenAny(ended, ready);
        await stop.CancelAsync();
        if (first == ended && !cancellationToken.IsCancellationRequested)
            throw new ServerStartException($"RabbitMQ ended with exit code {_broker.ExitCode}.");
        await ready;
    }

    /// <summary>Accepting a TCP connection is not enough: the listener is there before the virtual hosts are.</summary>
    private static async Task<bool> AcceptsClientsAsync(int port, CancellationToken cancellationToken)
    {
        if (FreePorts.IsFree(port))
            return false;
        var factory = new ConnectionFactory
        {
            HostName = "127.0.0.1",
            Port = port,
            AutomaticRecoveryEnabled = false,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
        };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        return connection.IsOpen;
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        foreach (var process in new[] { _broker, _names })
        {
            if (process is null)
                continue;
            if (!process.HasExited)
                process.Kill();
            await process.WaitForExitAsync(cancellationToken);
            process.Dispose();
        }

        _broker = _names = null;
    }

    private async Task<string> ReadLogAsync() => File.Exists(Log) ? await File.ReadAllTextAsync(Log) : "";

    private static ProcessIdentity? Identify(Process process) => process.HasExited ? null : ProcessIdentity.Of(process.Id);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
