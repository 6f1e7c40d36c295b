using System.Globalization;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>The Python of docs/http.md over producers that die and stop.</summary>
[CancelAfter(120_000)]
public sealed class PythonFollowerTests
{
    private const string Short = "'wait': 'PT1S', 'progressSteps': 4";
    private const string Long = "'wait': 'PT12S', 'progressSteps': 120";

    [Test]
    public async Task It_comes_back_where_it_was_when_its_producer_dies_and_when_it_stops(CancellationToken cancellationToken)
    {
        var example = DocumentedExample.Of("docs/http.md").Single(e => e.Language == "python").Code;
        Assert.That(example, Does.Contain(Short), "the task that this test makes longer");
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("follow.py"), ExampleScript.For(system, example).Replace(Short, Long, StringComparison.Ordinal), cancellationToken);
        await using var python = ManagedProcess.Start("python", "python3", ["-u", folder.File("follow.py")]);
        await SeenAsync(10);

        await system.Producer.KillAsync();
        await using (var second = ProducerProcess.Launch(system.Connections, system.Producer.Address.Port))
        {
            await second.WaitUntilReadyAsync(cancellationToken);
            await SeenAsync(60);
            Assert.That(await second.StopAsync(cancellationToken), Is.True, second.Process.LastLines());
        }

        await using var third = ProducerProcess.Launch(system.Connections, system.Producer.Address.Port);
        await third.WaitUntilReadyAsync(cancellationToken);
        var code = await python.Exit.WaitAsync(TimeSpan.FromSeconds(40), TimeProvider.System, cancellationToken);

        Assert.That(code, Is.Zero, python.LastLines());
        var percents = Percents();
        Assert.That(percents, Is.Ordered.And.Unique, "nothing twice");
        Assert.That(percents, Has.Length.EqualTo(await system.CountAsync("task_events")), "nothing lost");
        Assert.That(python.Lines[^1], Is.EqualTo("""{"message": "from Python", "attempt": 1}"""));

        Task SeenAsync(int count) => Eventually.TrueAsync(() => Percents().Length >= count, TimeSpan.FromSeconds(40), cancellationToken);

        // "running 12.5" below the name of each report.
        double[] Percents() =>
        [
            .. python.Lines.Zip(python.Lines.Skip(1)).Where(pair => pair.First == "event: task.progress")
                .Select(pair => double.Parse(pair.Second.Split(' ')[1], CultureInfo.InvariantCulture)),
        ];
    }
}
