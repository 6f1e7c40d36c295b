using System.Diagnostics.CodeAnalysis;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Store.Claim;

namespace Messaging.Consumers.Runtime;

/// <summary>One delivered task on its way through the runner: what the steps of <see cref="TaskRunner"/> pass on.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source has no timer, and an abandoned handler may use its token long after the end.")]
internal sealed class TaskExecution
{
    private const long Never = long.MaxValue;

    // Shared with the watchers and the drain.
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private int _reason;
    private int _concluded;
    private long _deadline = Never;
    private long _stoppedAt = Never;
    private volatile bool _decided;
    private Claimed? _claim;

    public TaskExecution(string queue, RunTask copy, ProgressWriter progress, TimeProvider time)
    {
        Queue = queue;
        Copy = copy;
        _time = time;
        Context = new AttemptContext(this, progress);
    }

    /// <summary>The queue it came from.</summary>
    public string Queue { get; }

    /// <summary>The task as delivered, or as read anew if the copy was old.</summary>
    public RunTask Copy { get; set; }

    /// <summary>What its handler sees of it.</summary>
    public AttemptContext Context { get; }

    /// <summary>What it is claimed and finished with.</summary>
    public Fence Fence { get; set; }

    /// <summary>The claim; only once it was granted.</summary>
    public Claimed Claim => _claim ?? throw new InvalidOperationException("The task is not claimed.");

    /// <summary>True if the claim was granted.</summary>
    public bool IsClaimed => _claim is not null;

    /// <summary>Its place among the suspects; null unless it is one.</summary>
    public SuspectPlace? Place { get; set; }

    /// <summary>True once the ledger has answered the claim, either way: from then on the delivery is not needed any more.</summary>
    public bool IsDecided => _decided;

    /// <summary>The handler; set before it starts.</summary>
    public HandlerInvoker? Handler { get; set; }

    /// <summary>The <see cref="TimeProvider"/> timestamp of the handler's start.</summary>
    public long StartedAt { get; private set; }

    /// <summary>The handler's token.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Why the token was cancelled.</summary>
    public StopReason StopReason => (StopReason)Volatile.Read(ref _reason);

    /// <summary>Notes the ledger's answer to the claim.</summary>
    public void Decide(Claimed? claim)
    {
        _claim = claim;
        _decided = true;
    }

    /// <summary>The handler starts now, and with it its timeout.</summary>
    public void Start()
    {
        StartedAt = _time.GetTimestamp();
        var ticks = Copy.Timeout.TotalSeconds * _time.TimestampFrequency;
        Volatile.Write(ref _deadline, ticks < Never / 2 ? StartedAt + (long)ticks : Never);
    }

    /// <summary>True if the attempt is past its timeout and was not told to stop yet.</summary>
    public bool IsOverdue(long now) => now >= Volatile.Read(ref _deadline) && StopReason == StopReason.None;

    /// <summary>True if it was told to stop more than <paramref name="grace"/> ago and nothing is recorded yet.</summary>
    public bool IsIgnoringStop(long now, TimeSpan grace)
    {
        var since = Volatile.Read(ref _stoppedAt);
        return since != Never && Volatile.Read(ref _concluded) == 0 && _time.GetElapsedTime(since, now) >= grace;
    }

    /// <summary>
    /// Cancels the handler's token; the first reason stays. What the handler has registered with the token runs elsewhere:
    /// it can neither hold up nor break who calls this.
    /// </summary>
    public bool Stop(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)StopReason.None) != (int)StopReason.None)
            return false;
        Volatile.Write(ref _stoppedAt, _time.GetTimestamp());
        _ = _stop.CancelAsync().ContinueWith(
            static callbacks => _ = callbacks.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return true;
    }

    /// <summary>True for exactly one caller: the one that records how the attempt ended.</summary>
    public bool TryConclude() => Interlocked.Exchange(ref _concluded, 1) == 0;
}
