using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>How fast one process publishes what was accepted before, while nothing is submitted or run, beside plain confirmed publishes.</summary>
internal sealed class RelayCase : IBenchCase
{
    /// <inheritdoc/>
    public string Name => "relay";

    /// <inheritdoc/>
    public string Description => "what was accepted before is published, confirmed and settled: from memory and by the sweeper, beside confirmed publishes";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var lineup = await Lineup.StartAsync(Name, settings, cancellationToken);
        await lineup.AddAsync("RabbitMQ.Client, a message a task", name => StartClientAsync(name, lineup.Servers, cancellationToken));
        await lineup.AddAsync("from memory, packed", name => StartAsync(name, new("relaymemory", BySweeper: false)));
        await lineup.AddAsync("by the sweeper, packed", name => StartAsync(name, new("relaysweeper", BySweeper: true)));
        await lineup.AddAsync("from memory, unpacked", name => StartAsync(name, new("relayunpacked", BySweeper: false, PackSize: 1)));
        // Twice the usual number: a run of the fast ones takes a second or two.
        var tasks = settings.Tasks ?? 2 * settings.TasksOrDefault;
        return await lineup.RunAsync(
            tasks, new Dictionary<string, string> { ["tasks"] = $"{tasks.ToString("N0", CultureInfo.InvariantCulture)}, accepted before" }, cancellationToken);

        Task<RelayAlone> StartAsync(string name, RelayShape shape) => RelayAlone.StartAsync(name, lineup.Servers, shape, cancellationToken);
    }

    private static async Task<Submitting> StartClientAsync(string name, BenchServers servers, CancellationToken cancellationToken)
    {
        const string queue = "raw";
        var sender = await SendAndReceive.StartSenderAsync(servers, FloorShape.RabbitMqClient(queue), cancellationToken);
        var meter = new CpuMeter(new Dictionary<string, int> { [Parts.Relay] = sender.Id, [Parts.RabbitMq] = servers.RabbitMqId });
        return new Submitting(name, sender, meter, 1, _ => Task.CompletedTask, CheckAsync);

        async Task CheckAsync(int messages, CancellationToken token)
        {
            if (await servers.WaitingAsync(queue, token) is var waiting && waiting != messages)
                throw new BenchFailedException($"{name}: {messages:N0} messages were confirmed and {waiting:N0} wait in the queue.");
            await servers.PurgeAsync(queue, token);
        }
    }
}
