using System.Data.Common;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Progress;

namespace Messaging.Consumers.Runtime;

/// <summary>What a handler sees of its <see cref="TaskExecution"/>, and where its reports wait to be written.</summary>
internal sealed class AttemptContext(TaskExecution execution, ProgressWriter progress) : TaskContext
{
    // Owned by the lock.
    private readonly Lock _lock = new();
    private Task<HandlerTransaction>? _transaction;
    private bool _ended;

    /// <summary>What it has reported and is not written yet.</summary>
    public ProgressReports Reports { get; } = new();

    /// <summary>Where the handler's transaction comes from; set before it starts.</summary>
    public HandlerTransactions? Transactions { get; set; }

    /// <summary>The attempt.</summary>
    public TaskExecution Execution => execution;

    public override Guid TaskId => execution.Copy.Id;

    public override string Kind => execution.Copy.Kind;

    public override string Queue => execution.Queue;

    public override int Attempt => execution.Claim.Attempt;

    public override int MaxAttempts => execution.Copy.MaxAttempts;

    public override StopReason StopReason => execution.StopReason;

    public override void ReportProgress(double percent, string? message = null)
    {
        if (Reports.Add(new TaskProgress(double.IsNaN(percent) ? 0 : Math.Clamp(percent, 0, 100), message)) && !progress.Enqueue(this))
            Reports.NotInLine();
    }

    public override async Task<DbTransaction> BeginTransactionAsync(CancellationToken cancellationToken = default)
    {
        Task<HandlerTransaction> begun;
        lock (_lock)
        {
            if (_ended || Transactions is null)
                throw new InvalidOperationException("The attempt does not run: it has no transaction.");
            begun = _transaction ??= Transactions.BeginAsync(cancellationToken);
        }

        return (await begun).Transaction;
    }

    /// <summary>The handler's transaction, if it began one; from now on it can't begin any.</summary>
    public async ValueTask<HandlerTransaction?> TakeTransactionAsync()
    {
        Task<HandlerTransaction>? begun;
        lock (_lock)
        {
            _ended = true;
            begun = _transaction;
        }

        if (begun is null)
            return null;
        await ((Task)begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return begun.IsCompletedSuccessfully ? await begun : null;
    }

    /// <summary>True if an exception comes from the ledger's being away, by way of the handler's transaction: no fault of the task.</summary>
    public bool IsOutage(Exception error)
    {
        Task<HandlerTransaction>? begun;
        lock (_lock)
            begun = _transaction;
        var broken = begun is { IsCompletedSuccessfully: true, Result.IsBroken: true };
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            if (e is LedgerUnavailableException || (broken && LedgerErrors.IsTransient(e)))
                return true;
        }

        return false;
    }

    /// <summary>Takes its newest reports to be written, at most so many.</summary>
    public IReadOnlyList<ProgressReport> TakeReports(int most) => Reports.Take(TaskId, execution.Claim.ClaimedAt, most);
}
