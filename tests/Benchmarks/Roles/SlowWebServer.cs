using System.Globalization;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A web server that answers every request after a time, however many there are. A run only asks it what it has seen.</summary>
internal sealed class SlowWebServer : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "slow-web-server";

    /// <summary>Environment variable: how many seconds an answer takes.</summary>
    public const string SecondsVariable = "BENCH_ANSWER_SECONDS";

    /// <summary>Environment variable: the major version of HTTP, 1 or 2.</summary>
    public const string HttpVariable = "BENCH_HTTP_VERSION";

    private LocalWebServer? _server;

    /// <summary>What it has seen since its start.</summary>
    /// <param name="Address">Where it listens.</param>
    /// <param name="Requests">How many requests it got.</param>
    /// <param name="MostAtOnce">The most that waited for their answer at one moment.</param>
    internal sealed record Seen(Uri Address, int Requests, int MostAtOnce)
    {
        /// <summary>Asks the process that plays the role.</summary>
        public static async Task<Seen> ByAsync(RoleProcess process, CancellationToken cancellationToken)
        {
            var parts = (await process.RunAsync(0, TimeSpan.FromSeconds(30), cancellationToken)).More.Split('|');
            return new Seen(new Uri(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var after = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable(SecondsVariable)!, CultureInfo.InvariantCulture));
        var protocol = Environment.GetEnvironmentVariable(HttpVariable) == "2" ? HttpProtocols.Http2 : HttpProtocols.Http1;
        _server = await LocalWebServer.StartAsync(context => Task.Delay(after, TimeProvider.System, context.RequestAborted), protocol);
    }

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) =>
        Task.FromResult(new RoleReport(0, 0, More: FormattableString.Invariant($"{_server!.Address}|{_server.Requests}|{_server.MostAtOnce}")));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
