namespace Messaging.Consumers.Runtime;

/// <summary>A token for "this long, or until one of these", whose parts are only made if somebody has to wait.</summary>
internal sealed class Patience(TimeSpan limit, TimeProvider time, CancellationToken one, CancellationToken other) : IDisposable
{
    private CancellationTokenSource? _timer;
    private CancellationTokenSource? _either;

    /// <summary>The time begins when this is first asked for.</summary>
    public CancellationToken Token
    {
        get
        {
            _timer ??= new CancellationTokenSource(limit, time);
            _either ??= CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, one, other);
            return _either.Token;
        }
    }

    public void Dispose()
    {
        _either?.Dispose();
        _timer?.Dispose();
    }
}
