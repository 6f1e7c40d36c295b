namespace Messaging.Consumers.Runtime;

/// <summary>Where the worker is on its way out. <see cref="WorkerDrain"/> gives the signals, everybody else heeds them.</summary>
internal sealed class DrainSignal : IDisposable
{
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _over = new();

    // The tokens are kept: a handler that was abandoned may come back when this is disposed of.
    public DrainSignal() => (Draining, Over) = (_draining.Token, _over.Token);

    /// <summary>Cancelled when nothing more may start.</summary>
    public CancellationToken Draining { get; }

    /// <summary>Cancelled when the time is up: what is not recorded by now will be recorded by others.</summary>
    public CancellationToken Over { get; }

    /// <summary>Nothing more starts.</summary>
    public void Begin() => _draining.Cancel();

    /// <summary>The end.</summary>
    public void End() => _over.Cancel();

    public void Dispose()
    {
        _draining.Dispose();
        _over.Dispose();
    }
}
