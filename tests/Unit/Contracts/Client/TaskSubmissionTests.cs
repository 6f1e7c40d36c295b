using Messaging.Contracts.Client;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Unit.Contracts.Client;

public sealed class TaskSubmissionTests
{
    [Test]
    public void A_record_knows_its_kind_and_is_written_as_all_inputs_are()
    {
        var task = TaskSubmission.Of(new DebugEcho("hi", TimeSpan.FromSeconds(90)));

        Assert.That(task.Kind, Is.EqualTo("debug.echo"));
        Assert.That(task.Input.ToString(), Is.EqualTo("""{"message":"hi","wait":"PT1M30S","failTimes":0,"progressSteps":0}"""));
    }

    [Test]
    public void A_record_without_a_kind_is_refused() =>
        Assert.That(() => TaskSubmission.Of(new Nameless()), Throws.ArgumentException.With.Message.Contains("[TaskKind"));

    [Test]
    public void A_text_that_is_no_json_is_refused() =>
        Assert.That(() => TaskSubmission.OfJson("debug.echo", "{"), Throws.ArgumentException.With.Message.Contains("not JSON"));

    [Test]
    public void What_can_not_be_json_is_refused() =>
        Assert.That(() => TaskSubmission.Of("debug.echo", new { of = typeof(string) }), Throws.ArgumentException.With.Message.Contains("can't be written as JSON"));

    private sealed record Nameless : ITaskInput<string>;
}
