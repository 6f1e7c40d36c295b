namespace Messaging.Infrastructure.Broker;

/// <summary>
/// How many messages the AMQP door takes into its hands at once. AMQP counts messages, not bytes, and a broker takes messages of 16 MiB and more: so it
/// begins with few, goes on with <paramref name="most"/> once they turn out to be small, and back to few when much has gathered.
/// </summary>
internal sealed class SubmitWindow(int most)
{
    /// <summary>So many of unknown size.</summary>
    public const int Few = 8;

    /// <summary>What is no larger is small: a full window of the default size then holds 16 MiB at most.</summary>
    public const int Small = 64 * 1024;

    /// <summary>With more bytes than this in its hands it takes few.</summary>
    public const long Much = 32 * 1024 * 1024;

    private readonly Lock _lock = new();
    private long _bytes;
    private int _smallInRow;
    private int _current = Math.Min(Few, most);
    private TaskCompletionSource _changed = New();

    /// <summary>How many may be in its hands now.</summary>
    public int Current
    {
        get
        {
            lock (_lock)
                return _current;
        }
    }

    /// <summary>Completes when <see cref="Current"/> is no longer what it was when this was read.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
                return _changed.Task;
        }
    }

    /// <summary>A message came.</summary>
    public void Taken(int bytes)
    {
        lock (_lock)
        {
            _bytes += bytes;
            _smallInRow = bytes <= Small ? _smallInRow + 1 : 0;
            Decide();
        }
    }

    /// <summary>It is out of our hands.</summary>
    public void Settled(int bytes)
    {
        lock (_lock)
        {
            _bytes -= bytes;
            Decide();
        }
    }

    private void Decide()
    {
        var wanted = _bytes > Much ? Math.Min(Few, most) : _smallInRow >= Math.Min(Few, most) && _bytes <= Much / 4 ? most : _current;
        if (wanted == _current)
            return;
        _current = wanted;
        _smallInRow = 0;
        _changed.TrySetResult();
        _changed = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
