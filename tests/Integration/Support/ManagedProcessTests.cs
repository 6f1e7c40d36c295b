using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Integration.Support;

[CancelAfter(30_000)]
public sealed class ManagedProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Test]
    public async Task Finds_a_line_written_before_or_after_the_question()
    {
        await using var process = Shell("echo first; sleep 60");
        Assert.That(await process.WaitForLineAsync(line => line.StartsWith('f'), Limit), Is.EqualTo("first"));
        Assert.That(await process.WaitForLineAsync(line => line == "first", Limit), Is.EqualTo("first"));
    }

    [Test]
    public async Task Says_what_was_written_when_the_process_ends_without_the_line()
    {
        await using var process = Shell("echo no such table; exit 3");
        Assert.That(
            async () => await process.WaitForLineAsync(line => line == "ready", Limit),
            Throws.TypeOf<ServerStartException>().With.Message.Contains("exit code 3").And.Message.Contains("no such table"));
    }

    [Test]
    public async Task Is_frozen_and_goes_on()
    {
        await using var process = Shell("while :; do :; done");
        var stat = $"/proc/{process.Id}/stat";
        process.Signal(UnixSignal.Stop);
        await Eventually.TrueAsync(() => File.ReadAllText(stat).Contains(") T ", StringComparison.Ordinal));
        process.Signal(UnixSignal.Continue);
        await Eventually.TrueAsync(() => !File.ReadAllText(stat).Contains(") T ", StringComparison.Ordinal));
        await process.KillAsync();
        Assert.That(await process.Exit, Is.EqualTo(128 + (int)UnixSignal.Kill));
    }

    [Test]
    public async Task Stops_in_order_when_it_listens_to_the_signal_and_is_killed_when_it_does_not()
    {
        await using var polite = Shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        await polite.WaitForLineAsync(line => line == "ready", Limit);
        Assert.That(await polite.StopAsync(Limit), Is.True);
        Assert.That(polite.Lines, Does.Contain("bye"));

        await using var deaf = Shell("trap '' TERM; echo ready; while :; do sleep 0.05; done");
        await deaf.WaitForLineAsync(line => line == "ready", Limit);
        Assert.That(await deaf.StopAsync(TimeSpan.FromMilliseconds(200)), Is.False);
        Assert.That(await deaf.Exit, Is.EqualTo(128 + (int)UnixSignal.Kill));
    }

    [Test]
    public async Task A_signal_is_not_sent_to_a_process_that_got_the_same_id()
    {
        await using var process = Shell("while :; do sleep 0.05; done");
        var stranger = ProcessIdentity.Of(process.Id)!.Value with { StartTime = 1 };
        Assert.That(stranger.Signal(UnixSignal.Kill), Is.False);
        Assert.That(process.Exit.IsCompleted, Is.False);
    }

    private static ManagedProcess Shell(string script) => ManagedProcess.Start("script", "/bin/sh", ["-c", script]);
}
