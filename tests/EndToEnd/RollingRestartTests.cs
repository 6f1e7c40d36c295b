using Messaging.Tests.Support;

namespace Messaging.Tests.EndToEnd;

/// <summary>Workers are replaced under load, one after the other, as a deployment does.</summary>
public sealed class RollingRestartTests
{
    [Test]
    public async Task Replacing_all_workers_under_load_loses_nothing_and_fails_nothing()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 3, new() { Concurrency = 40 });
        using var enough = new CancellationTokenSource();
        var load = Task.Run(() => SubmitUntilAsync(system, enough.Token));
        await Eventually.GetAsync(_ => system.CountAsync("outcomes"), seen => seen > 300, TimeSpan.FromSeconds(60));

        foreach (var old in system.Consumers.ToArray())
        {
            Assert.That(await system.CountAsync("open_tasks WHERE state = 3"), Is.Positive, "under load");
            Assert.That(await old.StopAsync(), Is.True, old.Process.LastLines());
            Assert.That(await old.Process.Exit, Is.Zero);
            await system.AddConsumerAsync(new() { Name = $"{old.Process.Name}-new", Concurrency = 40 });
        }

        await enough.CancelAsync();
        var submitted = await load;
        await system.DrainedAsync(TimeSpan.FromMinutes(2));

        await TestContext.Out.WriteLineAsync($"{submitted} tasks");
        Assert.That(submitted, Is.GreaterThan(2_000));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(submitted));
        Assert.That(await system.CountAsync("outcomes"), Is.EqualTo(submitted));
        Assert.That(await system.CountAsync("attempts"), Is.Zero, "no worker was lost, nothing failed");
    }

    /// <summary>Keeps a small backlog, so that workers have their hands full whenever one is stopped.</summary>
    private static async Task<int> SubmitUntilAsync(RunningSystem system, CancellationToken enough)
    {
        var submitted = 0;
        while (!enough.IsCancellationRequested || submitted <= 2_000)
        {
            await Eventually.GetAsync(_ => system.CountAsync("open_tasks"), seen => seen < 1_000, TimeSpan.FromSeconds(60), CancellationToken.None);
            await system.SubmitEchoesAsync(500, wait: "PT0.2S");
            submitted += 500;
        }

        return submitted;
    }
}
