using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Tests.Integration.Store;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Tests.Integration.Callbacks;

/// <summary>A fixture with a ledger of its own for each test, and tasks that somebody is told of.</summary>
public abstract class CallbackTest : LedgerTest
{
    protected const string Url = "https://example.com/hook";

    private long _claims;

    /// <summary>A task whose end is told.</summary>
    protected NewTask Told(CallbackEvents? events = null, string? endpoint = null, TimeSpan? delay = null) =>
        Ledger.NewTask(delay: delay) with { Callback = new NewCallback(endpoint is null ? Url : null, endpoint, events) };

    protected async Task<Guid> SubmitAsync(NewTask task)
    {
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);
        return task.Id;
    }

    protected async Task<Claimed> ClaimAsync(Guid id, Guid worker) =>
        (await Ledger.Claim.ClaimAsync(new ClaimRequest(id, new Fence(worker, Interlocked.Increment(ref _claims))), CancellationToken.None))!;

    protected async Task EndAsync(Guid id, TaskState state = TaskState.Succeeded)
    {
        var claimed = await ClaimAsync(id, await Ledger.AddWorkerAsync());
        var answer = await Ledger.Finish.FinishAsync(Ended(id, claimed, state), CancellationToken.None);
        Assert.That(answer, Is.EqualTo(FinishAnswer.Recorded));
    }

    protected static Ended Ended(Guid id, Claimed claimed, TaskState state) => new(
        id,
        claimed.Fence,
        claimed.Attempt,
        state,
        state == TaskState.Succeeded ? "\"done\""u8.ToArray() : default(ReadOnlyMemory<byte>?),
        state == TaskState.Succeeded ? null : new TaskFailure("broken", "It says \"no\" \0 and \u2028 so on.", false));

    /// <summary>What is told of a task, oldest first.</summary>
    protected async Task<IReadOnlyList<ToldRow>> ToldOfAsync(Guid id)
    {
        await using var command = Ledger.Services.GetRequiredService<LedgerConnections>().Control.CreateCommand(
            """
            SELECT d.id, d.message_id, d.event, d.attempt, d.failure IS NOT NULL, d.happened = c.finished_at,
                   (SELECT count(*) FROM messaging.open_tasks o JOIN messaging.tasks t USING (id)
                    WHERE o.id = d.id AND o.state = 2 AND o.queue = 'callbacks' AND NOT o.callback AND t.kind = 'messaging.callback'),
                   (SELECT count(*) FROM messaging.outbox x WHERE x.task_ids = ARRAY[d.id] AND x.queue = 'callbacks' AND x.owner IS NULL)
            FROM messaging.callback_deliveries d LEFT JOIN messaging.outcomes c ON c.task_id = d.task_id
            WHERE d.task_id = $1 ORDER BY d.created_at
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        var told = new List<ToldRow>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            told.Add(new ToldRow(
                reader.GetGuid(0), reader.GetGuid(1), (TaskState)reader.GetInt16(2), reader.GetInt32(3), reader.GetBoolean(4), !reader.IsDBNull(5) && reader.GetBoolean(5),
                reader.GetInt64(6), reader.GetInt64(7)));
        }

        return told;
    }
}

/// <summary>One row of the deliveries, and whether its task and outbox row are there.</summary>
public sealed record ToldRow(Guid Delivery, Guid Message, TaskState Event, int Attempt, bool HasFailure, bool AtItsEnd, long Open, long Outboxed);
