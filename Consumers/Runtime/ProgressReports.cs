using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Progress;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// What the handler of one attempt has reported and nobody has written yet: the last <see cref="MostKept"/> reports. They are numbered when they
/// are taken to be written, so the stored ones have no gap. Safe to use from several threads.
/// </summary>
internal sealed class ProgressReports
{
    /// <summary>How many wait at most; a further one takes the place of the oldest.</summary>
    public const int MostKept = 20;

    private readonly Lock _lock = new();
    private readonly Queue<TaskProgress> _waiting = new();
    private TaskCompletionSource? _written;
    private bool _inLine;
    private bool _inHand;
    private bool _closed;
    private int _number;

    /// <summary>Adds a report. True: it must be put in line, where it stands once, however many reports there are.</summary>
    public bool Add(TaskProgress progress)
    {
        lock (_lock)
        {
            if (_closed)
                return false;
            if (_waiting.Count == MostKept)
                _waiting.Dequeue();
            _waiting.Enqueue(progress);
            if (_inLine || _inHand)
                return false;
            return _inLine = true;
        }
    }

    /// <summary>There was no room in the line: the next report tries again.</summary>
    public void NotInLine()
    {
        lock (_lock)
            _inLine = false;
    }

    /// <summary>Takes the newest reports to be written, at most so many; until <see cref="Written"/> no others are handed out. Empty: there are none.</summary>
    public IReadOnlyList<ProgressReport> Take(Guid taskId, DateTimeOffset claimedAt, int most)
    {
        lock (_lock)
        {
            _inLine = false;
            if (_inHand || _waiting.Count == 0)
                return [];
            while (_waiting.Count > most)
                _waiting.Dequeue();
            var taken = _waiting.Select(progress => new ProgressReport(taskId, claimedAt, ++_number, progress)).ToArray();
            _waiting.Clear();
            _inHand = true;
            return taken;
        }
    }

    /// <summary>What was taken is written, or given up. True: it must be put in line again.</summary>
    public bool Written()
    {
        lock (_lock)
        {
            _inHand = false;
            if (_waiting.Count > 0)
                return _inLine = true;
            _written?.TrySetResult();
            return false;
        }
    }

    /// <summary>Takes no more reports. Answers when those that there are will be written; null: there are none.</summary>
    public Task? Close()
    {
        lock (_lock)
        {
            _closed = true;
            if (_waiting.Count == 0 && !_inHand)
                return null;
            _written ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _written.Task;
        }
    }

    /// <summary>True once the attempt has ended: its reports are waited for.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_lock)
                return _closed;
        }
    }
}
