using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>What one submit writes: tasks in id order, their open rows and tags, and one outbox row per queue.</summary>
internal sealed class SubmitRows
{
    private const char TagSeparator = '\x1f';

    private readonly NewTask[] _tasks;
    private readonly DateTimeOffset?[] _due;

    /// <summary>Decides what is queued at once and what is put off.</summary>
    public SubmitRows(IEnumerable<NewTask> tasks, LedgerClock clock)
    {
        _tasks = [.. tasks.OrderBy(t => t.Id)];
        var now = clock.Now;
        _due = Array.ConvertAll(_tasks, t => t.RunAt > now ? t.RunAt : null);
        Outbox =
        [
            .. Enumerable.Range(0, _tasks.Length)
                .Where(i => _due[i] is null)
                .GroupBy(i => _tasks[i].Queue, i => _tasks[i])
                .Select(group => new OutboxBatch(clock.NewId(), group.Key, [.. group.Select(ToRun)])),
        ];
    }

    /// <summary>The tasks.</summary>
    public Guid[] TaskIds => Array.ConvertAll(_tasks, t => t.Id);

    /// <summary>What must be published.</summary>
    public IReadOnlyList<OutboxBatch> Outbox { get; }

    /// <summary>Reserves room for them in the relay; null: leaves them to a sweeper.</summary>
    public SubmitRoom Reserve(IRelayInbox? relay) => new(Outbox, relay);

    /// <summary>Adds the statements.</summary>
    /// <param name="batch">They go into its transaction.</param>
    /// <param name="room">Says who has the outbox rows.</param>
    public void AddTo(NpgsqlBatch batch, SubmitRoom room)
    {
        var ids = Array.ConvertAll(_tasks, t => t.Id);
        var queues = Array.ConvertAll(_tasks, t => t.Queue);
        var deadlines = Array.ConvertAll(_tasks, t => t.Deadline?.UtcDateTime);
        var first = _tasks[0];
        batch.Add(
            SubmitSql.InsertTasks,
            ids,
            Parameters.Differing(Array.ConvertAll(_tasks, t => t.Kind), NpgsqlDbType.Text),
            Parameters.Differing(queues, NpgsqlDbType.Text),
            Parameters.Texts(_tasks, t => t.Input),
            Parameters.Differing(Array.ConvertAll(_tasks, t => (long)t.Timeout.TotalMilliseconds), NpgsqlDbType.Bigint),
            Parameters.Differing(Array.ConvertAll(_tasks, t => t.MaxAttempts), NpgsqlDbType.Integer),
            Parameters.Rare(Array.ConvertAll(_tasks, t => t.RunAt?.UtcDateTime), NpgsqlDbType.TimestampTz),
            Parameters.Rare(Array.ConvertAll(_tasks, t => t.Tags.Count == 0 ? null : string.Join(TagSeparator, t.Tags)), NpgsqlDbType.Text),
            Parameters.Rare(Array.ConvertAll(_tasks, t => t.TraceParent), NpgsqlDbType.Text),
            Parameters.Rare(deadlines, NpgsqlDbType.TimestampTz),
            first.Kind,
            first.Queue,
            (long)first.Timeout.TotalMilliseconds,
            first.MaxAttempts);
        batch.Add(
            SubmitSql.InsertOpenTasks,
            ids,
            Parameters.Differing(queues, NpgsqlDbType.Text),
            Parameters.Rare(Array.ConvertAll(_due, d => d?.UtcDateTime), NpgsqlDbType.TimestampTz),
            Parameters.Rare(deadlines, NpgsqlDbType.TimestampTz),
            first.Queue,
            Parameters.Rare(Array.ConvertAll(_tasks, t => t.Callback is null ? (bool?)null : true), NpgsqlDbType.Boolean));
        var tags = _tasks.SelectMany(t => t.Tags.Select(tag => (t.Id, tag))).ToArray();
        if (tags.Length > 0)
            batch.Add(SubmitSql.InsertTags, Array.ConvertAll(tags, t => t.Id), Array.ConvertAll(tags, t => t.tag));
        if (Array.Exists(_tasks, t => t.Callback is not null))
            AddCallbacks(batch);
        for (var i = 0; i < Outbox.Count; i++)
            batch.Add(SubmitSql.InsertOutbox, Outbox[i].Id, Parameters.Uuid(room.OwnerOf(i)), Outbox[i].Queue, Outbox[i].Tasks.Select(t => t.Id).ToArray());
    }

    private void AddCallbacks(NpgsqlBatch batch)
    {
        var told = Array.FindAll(_tasks, t => t.Callback is not null);
        batch.Add(
            CallbackSql.Insert,
            Array.ConvertAll(told, t => t.Id),
            Parameters.Rare(Array.ConvertAll(told, t => t.Callback!.Url), NpgsqlDbType.Text),
            Parameters.Rare(Array.ConvertAll(told, t => t.Callback!.Endpoint), NpgsqlDbType.Text),
            Parameters.Rare(Array.ConvertAll(told, t => (short?)t.Callback!.Events), NpgsqlDbType.Smallint),
            Parameters.Rare(Array.ConvertAll(told, t => t.Callback!.Secret), NpgsqlDbType.Bytea));
    }

    private static RunTask ToRun(NewTask task) =>
        TaskContents.ForTheRoad(new(task.Id, 0, task.Kind, task.Input, task.Timeout, task.MaxAttempts, task.TraceParent));
}
