using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// Tasks per second and CPU per task from the first submit to the last result, submitter and consumer running together, beside
/// MassTransit alone, which stores nothing.
/// </summary>
internal sealed class EndToEnd : IBenchCase
{
    // A slot is taken while a task is claimed, too: some hundreds keep the claims busy with no-op tasks.
    private const int Slots = 300;

    /// <inheritdoc/>
    public string Name => "end-to-end";

    /// <inheritdoc/>
    public string Description => "no-op tasks from the first submit to the last stored result, from the library and over HTTP, beside bare MassTransit";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var (tasks, repeats) = (settings.TasksOrDefault, settings.RepeatsOrDefault);
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var contestants = new List<IContestant>();
        try
        {
            contestants.Add(await BareMassTransit.StartAsync(servers, raw: false, cancellationToken));
            foreach (var (name, start) in Others())
            {
                if (name.Contains(settings.Only, StringComparison.OrdinalIgnoreCase))
                    contestants.Add(await start(name));
            }

            var conditions = new Dictionary<string, string>
            {
                ["tasks"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
                ["payload"] = $"{Payload.Bytes} B",
                ["repeats"] = $"{repeats}, interleaved",
                ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture),
            };
            Console.WriteLine($"{Name}: {tasks:N0} tasks a run");
            return new CaseResult(
                Name, conditions, await servers.FactsAsync(cancellationToken), await Rounds.RunAsync(contestants, tasks, repeats, cancellationToken));
        }
        finally
        {
            foreach (var contestant in contestants)
                await contestant.DisposeAsync();
        }

        (string, Func<string, Task<IContestant>>)[] Others() =>
        [
            ("bare MassTransit, raw JSON", async _ => await BareMassTransit.StartAsync(servers, raw: true, cancellationToken)),
            ("library, packed", async name => await WholeSystem.StartAsync(name, servers, new("packed", Slots), cancellationToken)),
            ("library, unpacked", async name => await WholeSystem.StartAsync(name, servers, new("unpacked", Slots, PackSize: 1), cancellationToken)),
            ("HTTP NDJSON, packed", async name => await WholeSystem.StartAsync(name, servers, new("http", Slots, OverHttp: true), cancellationToken)),
        ];
    }
}
