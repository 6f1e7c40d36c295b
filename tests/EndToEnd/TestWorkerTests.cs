using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>The tests' own worker does what other tests rely on.</summary>
public sealed class TestWorkerTests
{
    [TestCase("failFast", "")]
    [TestCase("outOfMemory", "0x8000000")]
    public async Task A_poison_kills_its_worker(string harm, string heapLimit)
    {
        await using var system = await RunningSystem.StartAsync(consumers: 0);
        var worker = await system.AddConsumerAsync(
            new() { Project = ConsumerProcessOptions.TestWorker },
            new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = heapLimit.Length > 0 ? heapLimit : null, ["DOTNET_DbgEnableMiniDump"] = "0" });
        await system.EndedAsync(await system.SubmitAsync("test.poison", new { }));
        await system.SubmitAsync("test.poison", new { harm });

        Assert.That(await worker.Process.Exit.WaitAsync(TimeSpan.FromSeconds(30)), Is.EqualTo(128 + 6), "by SIGABRT");
    }

    [Test]
    public async Task A_hold_ends_when_its_file_is_there_and_says_how_it_was_stopped()
    {
        var folder = Directory.CreateTempSubdirectory("messaging-hold-");
        try
        {
            var (until, trail) = (Path.Combine(folder.FullName, "until"), Path.Combine(folder.FullName, "trail"));
            await using var system = await RunningSystem.StartAsync(consumers: 1, new() { Project = ConsumerProcessOptions.TestWorker });
            var freed = await system.SubmitAsync("test.hold", new { until, trail });
            var cancelled = await system.SubmitAsync("test.hold", new { trail });
            await Eventually.TrueAsync(() => File.Exists(trail) && File.ReadAllLines(trail).Length == 2, TimeSpan.FromSeconds(20));

            using var asked = await system.Producer.Http.PostAsync(new Uri($"v1/tasks/{cancelled["id"]}/cancel", UriKind.Relative), null);
            await system.EndedAsync(cancelled);
            await File.WriteAllTextAsync(until, "");

            Assert.That((string?)(await system.EndedAsync(freed))["result"], Is.EqualTo("held"));
            Assert.That(await File.ReadAllLinesAsync(trail), Has.One.StartsWith($"stopped {cancelled["id"]} Cancelled ").And.One.StartsWith($"returned {freed["id"]} 1 "));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
