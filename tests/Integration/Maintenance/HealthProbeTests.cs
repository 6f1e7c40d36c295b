using Messaging.Infrastructure.Maintenance;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.Integration.Maintenance;

/// <summary>The verb that container engines ask for health with, run as they run it.</summary>
[CancelAfter(60_000)]
public sealed class HealthProbeTests
{
    [TestCase("Producer")]
    [TestCase("Consumers")]
    public async Task The_exit_code_says_whether_a_running_process_is_ready(string program, CancellationToken cancellationToken)
    {
        var status = StatusCodes.Status200OK;
        await using var web = await LocalWebServer.StartAsync(context =>
        {
            context.Response.StatusCode = context.Request.Path == "/health/ready" ? status : StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("so it is");
        });

        var (exitCode, output) = await AskAsync(program, web.Url("health/ready"), cancellationToken);
        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output, Is.EqualTo("200 so it is"));

        status = StatusCodes.Status503ServiceUnavailable;
        (exitCode, output) = await AskAsync(program, web.Url("health/ready"), cancellationToken);
        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Is.EqualTo("503 so it is"));
    }

    [Test]
    public async Task A_process_that_does_not_listen_is_not_ready()
        => Assert.That(await HealthProbe.RunAsync($"http://127.0.0.1:{FreePorts.Find(1)[0]}/health/ready"), Is.EqualTo(1));

    [TestCase("8080")]
    [TestCase("ftp://127.0.0.1/")]
    public async Task What_is_no_address_is_refused(string address) => Assert.That(await HealthProbe.RunAsync(address), Is.EqualTo(1));

    private static async Task<(int ExitCode, string Output)> AskAsync(string program, string address, CancellationToken cancellationToken)
    {
        await using var probe = ManagedProcess.Start("probe", BuiltOutput.DotnetHost, ["exec", BuiltOutput.Of(program), HealthProbe.Verb, address]);
        return (await probe.Exit.WaitAsync(cancellationToken), string.Join('\n', probe.Lines));
    }
}
