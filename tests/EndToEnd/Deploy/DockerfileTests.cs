using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd.Deploy;

/// <summary>What the Dockerfile copies is enough for what it runs, and what comes out starts. The containers themselves: <c>tests/Compose/smoke.sh</c>.</summary>
public sealed class DockerfileTests
{
    [Test]
    [CancelAfter(290_000)]
    public async Task Its_stages_build_both_processes_from_what_they_copy(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        var dockerfile = new Dockerfile(folder.File("image"));
        var producer = await dockerfile.BuildAsync("producer", cancellationToken);
        var consumers = await dockerfile.BuildAsync("consumers", cancellationToken);

        var worker = await StartAsync(consumers, "--concurrency", "0");
        Assert.That((worker.ExitCode, worker.Output.Trim()), Is.EqualTo((2, "Messaging:Worker:Concurrency is '0'; it must be from 1 to 100000.")));
        var keys = await StartAsync(producer, "keys");
        Assert.That(keys.ExitCode, Is.EqualTo(2));
        Assert.That(keys.Output, Does.StartWith("Usage:"));
        foreach (var program in new[] { producer, consumers })
        {
            var unhealthy = await StartAsync(program, "health", "http://127.0.0.1:1/health/ready");
            Assert.That(unhealthy.ExitCode, Is.EqualTo(1), "as the compose file asks");
            Assert.That(unhealthy.Output.Trim(), Is.EqualTo("Connection refused"));
        }

        Task<Command.Outcome> StartAsync(string program, params string[] arguments) => Command.RunAsync(
            BuiltOutput.DotnetHost,
            ["exec", program, .. arguments],
            new Dictionary<string, string?> { ["DOTNET_ENVIRONMENT"] = null, ["ASPNETCORE_ENVIRONMENT"] = null },
            cancellationToken);
    }
}
