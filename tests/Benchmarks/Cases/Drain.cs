using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>How fast a backlog goes once a consumer is started, beside MassTransit's send and consume together.</summary>
internal sealed class Drain : IBenchCase
{
    private const int Slots = 300;

    /// <inheritdoc/>
    public string Name => "drain";

    /// <inheritdoc/>
    public string Description => "a consumer started on a published backlog, first claim to last result, beside bare MassTransit send + consume";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        // Twice the usual number: the first half second of a new process counts for less.
        var (tasks, repeats) = (settings.Tasks ?? 2 * settings.TasksOrDefault, settings.RepeatsOrDefault);
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        await using var floor = await BareMassTransit.StartAsync(servers, raw: false, cancellationToken);
        await using var backlog = await Backlog.StartAsync("library, packed", servers, new SystemShape("backlog", Slots), cancellationToken);
        var conditions = new Dictionary<string, string>
        {
            ["tasks"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
            ["payload"] = $"{Payload.Bytes} B",
            ["repeats"] = $"{repeats}, interleaved",
            ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture),
        };
        Console.WriteLine($"{Name}: {tasks:N0} tasks a run");
        return new CaseResult(
            Name, conditions, await servers.FactsAsync(cancellationToken), await Rounds.RunAsync([floor, backlog], tasks, repeats, cancellationToken));
    }
}
