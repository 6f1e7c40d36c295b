using System.Globalization;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Processes;

/// <summary>A Producer as a process of its own, on loopback: without keys until one is made.</summary>
public sealed class ProducerProcess : ProductProcess
{
    private ProducerProcess(string name, int port, Dictionary<string, string?> environment, Action<string>? onLine)
        : base(name, "Producer", port, environment, onLine)
    {
    }

    /// <summary>Starts it and returns at once; <see cref="ProductProcess.WaitUntilReadyAsync"/> awaits the rest.</summary>
    /// <param name="connections">The servers to work with.</param>
    /// <param name="port">Its port; a free one when not given.</param>
    /// <param name="environment">More settings, such as <c>MESSAGING_FAULT</c>.</param>
    /// <param name="onLine">Called with every line it writes.</param>
    public static ProducerProcess Launch(
        ProcessConnections connections,
        int? port = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        Action<string>? onLine = null)
    {
        ArgumentNullException.ThrowIfNull(connections);
        var actual = port ?? FreePorts.Find(1)[0];
        var settings = connections.AsEnvironment();
        settings["ASPNETCORE_URLS"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{actual}");
        settings["Messaging__Callbacks__AllowLoopback"] = "true";
        return new ProducerProcess("producer", actual, Merge(settings, environment), onLine);
    }

    /// <summary>Starts it and awaits that it is ready.</summary>
    /// <inheritdoc cref="Launch"/>
    public static Task<ProducerProcess> StartAsync(
        ProcessConnections connections,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default) =>
        ReadyAsync(Launch(connections, environment: environment), cancellationToken);
}
