using System.Globalization;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Processes;

/// <summary>A worker as a process of its own, with its health endpoint on a loopback port.</summary>
public sealed class ConsumerProcess : ProductProcess
{
    private ConsumerProcess(string name, string project, int port, Dictionary<string, string?> environment, Action<string>? onLine)
        : base(name, project, port, environment, onLine)
    {
    }

    /// <summary>Starts it and returns at once; <see cref="ProductProcess.WaitUntilReadyAsync"/> awaits the rest.</summary>
    /// <param name="connections">The servers to work with.</param>
    /// <param name="options">Its queues and slots.</param>
    /// <param name="environment">More settings, such as <c>MESSAGING_FAULT</c>.</param>
    /// <param name="onLine">Called with every line it writes.</param>
    public static ConsumerProcess Launch(
        ProcessConnections connections,
        ConsumerProcessOptions? options = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        Action<string>? onLine = null)
    {
        ArgumentNullException.ThrowIfNull(connections);
        options ??= new ConsumerProcessOptions();
        var port = FreePorts.Find(1)[0];
        var settings = connections.AsEnvironment();
        settings["Messaging__Worker__Queues"] = string.Join(',', options.Queues);
        settings["Messaging__Worker__Concurrency"] = options.Concurrency?.ToString(CultureInfo.InvariantCulture);
        settings["Messaging__Worker__HealthPort"] = port.ToString(CultureInfo.InvariantCulture);
        // Tests and ./dev up fetch from web servers on this machine, and send callbacks to them.
        settings["Messaging__HttpFetch__AllowLoopback"] = "true";
        settings["Messaging__Callbacks__AllowLoopback"] = "true";
        return new ConsumerProcess(options.Name, options.Project, port, Merge(settings, environment), onLine);
    }

    /// <summary>Starts it and awaits that it is ready.</summary>
    /// <inheritdoc cref="Launch"/>
    public static Task<ConsumerProcess> StartAsync(
        ProcessConnections connections,
        ConsumerProcessOptions? options = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default) =>
        ReadyAsync(Launch(connections, options, environment), cancellationToken);
}
