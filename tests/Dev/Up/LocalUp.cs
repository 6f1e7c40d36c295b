using System.Globalization;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Up;

/// <summary>The whole system as processes of this machine. Whatever happens, what it started is stopped, and nothing else.</summary>
internal static class LocalUp
{
    /// <summary>Runs until a stop signal; returns the exit code.</summary>
    /// <exception cref="ServerStartException">Something does not come up; nothing is left running.</exception>
    public static async Task<int> RunAsync(UpOptions options, UpOutput output, StopSignals stopping)
    {
        await ServerPackages.EnsureAsync(output.Say, stopping.First);
        using var folder = await UpFolder.TakeAsync(options, output, stopping.First);

        output.Say("Starting Postgres and RabbitMQ");
        await using var servers = await UpServers.StartAsync(folder.Data, stopping.First);
        output.Say($"Starting the producer and {options.Consumers} consumers");
        var processes = new List<UpProcess>();
        try
        {
            processes.AddRange(Launch(options, folder.Data, servers.Connections, output));
            // The first that fails ends the wait for the others.
            await foreach (var ready in Task.WhenEach(processes.Select(process => process.WaitUntilReadyAsync(stopping.First))))
                await ready;
            output.SayPlainly(Greeting(options, folder, servers));
            await stopping.FirstAsync();

            output.Say("Draining; Ctrl-C again to hurry");
            await Task.WhenAll(processes.Select(process => process.StopAsync(stopping.Second)));
            await servers.StopAsync();
            output.Say("Stopped");
            return 0;
        }
        finally
        {
            await Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));
        }
    }

    private static IEnumerable<UpProcess> Launch(UpOptions options, DataFolder folder, ProcessConnections connections, UpOutput output)
    {
        var mark = new Dictionary<string, string?> { [DataFolder.OwnerVariable] = folder.Path };
        var producerLines = output.For("producer");
        yield return new UpProcess("producer", () => ProducerProcess.Launch(connections, options.Port, mark, producerLines), output);
        for (var number = 1; number <= options.Consumers; number++)
        {
            var consumer = new ConsumerProcessOptions { Name = $"consumer-{number.ToString(CultureInfo.InvariantCulture)}", Queues = ["default", "callbacks"] };
            var lines = output.For(consumer.Name);
            yield return new UpProcess(consumer.Name, () => ConsumerProcess.Launch(connections, consumer, mark, lines), output);
        }
    }

    private static string Greeting(UpOptions options, UpFolder folder, UpServers servers) => $$$"""

        {{{UpOutput.Greeting(options)}}}

        Postgres:  {{{servers.Connections.Postgres}}}
        RabbitMQ:  {{{servers.Connections.RabbitMq}}}
        Data:      {{{folder.Data.Path}}} (stays; --fresh empties it)
        Ctrl-C drains and stops everything.

        """;
}
