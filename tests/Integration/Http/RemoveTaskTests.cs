using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Reconcile;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

public sealed class RemoveTaskTests : ProducerTest
{
    [Test]
    public async Task A_finished_task_is_removed_with_all_that_belongs_to_it()
    {
        var task = await Producer.SubmitAsync(""","tags":["remove-me","me-too"]""");
        var other = await Producer.SubmitAsync(""","tags":["remove-me"]""");
        await Producer.EndAsync(task.Id, TaskState.Failed, null, new TaskFailure("test", "It failed.", false, null));
        await Producer.EndAsync(other.Id);

        using var removed = await Producer.Client.DeleteAsync(new Uri($"/v1/tasks/{task.Id}", UriKind.Relative));
        using var again = await Producer.Client.DeleteAsync(new Uri($"/v1/tasks/{task.Id}", UriKind.Relative));

        Assert.That(removed.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await ProblemAsync(again, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
        Assert.That(
            await Producer.ScalarAsync($"""
                SELECT (SELECT count(*) FROM messaging.tasks WHERE id = '{task.Id}') + (SELECT count(*) FROM messaging.outcomes WHERE task_id = '{task.Id}')
                     + (SELECT count(*) FROM messaging.attempts WHERE task_id = '{task.Id}') + (SELECT count(*) FROM messaging.task_tags WHERE task_id = '{task.Id}')
                """),
            Is.Zero);
        Assert.That((await Producer.FindAsync(other.Id)).Tags, Is.EqualTo(new[] { "remove-me" }));
    }

    [Test]
    public async Task A_task_that_has_not_ended_stays()
    {
        var task = await Producer.SubmitAsync();

        using var answer = await Producer.Client.DeleteAsync(new Uri($"/v1/tasks/{task.Id}", UriKind.Relative));

        var problem = await ProblemAsync(answer, HttpStatusCode.Conflict, ProblemTypes.TaskNotEnded);
        Assert.That(problem.State, Is.EqualTo(TaskState.Queued));
        Assert.That((await Producer.FindAsync(task.Id)).State, Is.EqualTo(TaskState.Queued));
    }

    [Test]
    public async Task The_ledger_does_not_miss_what_was_removed()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id);
        using var removed = await Producer.Client.DeleteAsync(new Uri($"/v1/tasks/{task.Id}", UriKind.Relative));

        await Producer.Get<LedgerReconciler>().CheckAsync(CancellationToken.None);
        using var answer = await Producer.GetAsync("/v1/ledger");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var ledger = await ReadAsync<LedgerResponse>(answer);
        Assert.That(ledger.CheckedAt, Is.Not.Null);
        Assert.That(ledger.Unaccounted, Is.Zero);
    }

    [Test]
    public async Task An_unknown_parameter_is_refused()
    {
        using var ledger = await Producer.GetAsync("/v1/ledger?x=1");
        using var remove = await Producer.Client.DeleteAsync(new Uri($"/v1/tasks/{Guid.NewGuid()}?x=1", UriKind.Relative));

        await ProblemAsync(ledger, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        await ProblemAsync(remove, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }
}
