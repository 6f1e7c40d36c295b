using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store;

namespace Messaging.Tests.Unit.Infrastructure.Store;

public sealed class TaskTransitionsTests
{
    [Test]
    public void Every_state_has_its_row() =>
        Assert.That(TaskTransitions.Legal.Keys, Is.EquivalentTo(Enum.GetValues<TaskState>()));

    [TestCaseSource(nameof(Final))]
    public void A_final_state_is_left_only_by_a_person_retrying_a_failure(TaskState state) =>
        Assert.That(TaskTransitions.Legal[state], Is.EqualTo(state == TaskState.Failed ? [TaskState.Queued] : Array.Empty<TaskState>()));

    [Test]
    public void Only_a_queued_task_starts_to_run() =>
        Assert.That(Enum.GetValues<TaskState>().Where(s => TaskTransitions.IsLegal(s, TaskState.Running)), Is.EqualTo(new[] { TaskState.Queued }));

    [Test]
    public void Only_a_running_task_succeeds_or_fails()
    {
        Assert.That(Enum.GetValues<TaskState>().Where(s => TaskTransitions.IsLegal(s, TaskState.Succeeded)), Is.EqualTo(new[] { TaskState.Running }));
        Assert.That(Enum.GetValues<TaskState>().Where(s => TaskTransitions.IsLegal(s, TaskState.Failed)), Is.EqualTo(new[] { TaskState.Running }));
    }

    private static TaskState[] Final => [.. Enum.GetValues<TaskState>().Where(s => s.IsFinal())];
}
