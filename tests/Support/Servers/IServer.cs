namespace Messaging.Tests.Support.Servers;

/// <summary>A server that can be started and stopped at will: what a test about outages needs. Port and data stay over a restart.</summary>
public interface IServer : IAsyncDisposable
{
    /// <summary>Starts it and returns when it accepts clients. Does nothing when it runs.</summary>
    /// <exception cref="ServerStartException">It does not come up; says why and what to do.</exception>
    Task StartAsync(CancellationToken cancellationToken = default);

    /// <summary>Stops it and returns when it is gone. Does nothing when it does not run.</summary>
    Task StopAsync(StopMode mode = StopMode.Graceful, CancellationToken cancellationToken = default);

    /// <summary><c>kill -9</c>, as a crash of the machine would, and returns when it is gone.</summary>
    Task KillAsync(CancellationToken cancellationToken = default);

    /// <summary>Stops and starts it, on the same port and data.</summary>
    Task RestartAsync(StopMode mode = StopMode.Graceful, CancellationToken cancellationToken = default);
}

/// <summary>How a server is asked to stop.</summary>
public enum StopMode
{
    /// <summary>In order: what is in memory is written, clients are told.</summary>
    Graceful,

    /// <summary>At once, recovering at the next start.</summary>
    Immediate,
}
