using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Answers <c>/health/live</c> (the process runs) and <c>/health/ready</c> (the ledger answers, the broker's consumers are registered,
/// it is not stopping) on a port of its own, if one is set. What is checked are the host's registered health checks.
/// </summary>
internal sealed class HealthEndpoint(HealthCheckService checks, DrainSignal drain, WorkerOptions options, ILogger<HealthEndpoint> log) : IHostedService
{
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.HealthPort == 0)
            return;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(options.HealthAddress), options.HealthPort));
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.MapGet("/health/live", () => TypedResults.Text("live"));
        _app.MapGet("/health/ready", AnswerReadyAsync);
        await _app.StartAsync(cancellationToken);
        log.HealthAnswered($"http://{options.HealthAddress}:{options.HealthPort}/health/ready");
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is null)
            return;
        await _app.StopAsync(cancellationToken);
        await _app.DisposeAsync();
    }

    private async Task<IResult> AnswerReadyAsync(CancellationToken cancellationToken)
    {
        if (drain.Draining.IsCancellationRequested)
            return TypedResults.Text("stopping", statusCode: StatusCodes.Status503ServiceUnavailable);
        var report = await checks.CheckHealthAsync(cancellationToken);
        var faults = report.Entries.Where(entry => entry.Value.Status == HealthStatus.Unhealthy)
            .Select(entry => $"{entry.Key}: {entry.Value.Description ?? entry.Value.Exception?.Message}")
            .ToArray();
        return faults.Length == 0
            ? TypedResults.Text("ready")
            : TypedResults.Text(string.Join('\n', faults), statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
