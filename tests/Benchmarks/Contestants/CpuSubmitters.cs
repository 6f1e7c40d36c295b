using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>Who submits the tasks that compute: one process for short ones, one for those that are to be called off, each into a queue of its own.</summary>
/// <param name="Queue">Of the short ones.</param>
/// <param name="Short">Tasks that end.</param>
/// <param name="Long">Tasks that compute for longer than anybody waits.</param>
internal sealed record CpuSubmitters(string Queue, RoleProcess Short, RoleProcess Long) : IAsyncDisposable
{
    private const string Kind = "test.compute";

    // A minute and more, even alone on a core.
    private const int Longer = 4_000;

    /// <summary>The queue of the long ones.</summary>
    public string LongQueue => OfLong(Queue);

    /// <summary>Starts both.</summary>
    /// <param name="connections">Where tasks are kept and sent.</param>
    /// <param name="queue">Of the short ones.</param>
    /// <param name="rounds">How long a short one computes.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<CpuSubmitters> StartAsync(ProcessConnections connections, string queue, int rounds, CancellationToken cancellationToken)
    {
        var ends = await RoleProcess.StartAsync(KindSubmitter.Name, Settings(queue, rounds), cancellationToken);
        try
        {
            return new CpuSubmitters(queue, ends, await RoleProcess.StartAsync(KindSubmitter.Name, Settings(OfLong(queue), rounds * Longer), cancellationToken));
        }
        catch
        {
            await ends.DisposeAsync();
            throw;
        }

        Dictionary<string, string?> Settings(string to, int howMany) => new()
        {
            ["Logging__LogLevel__Default"] = "Warning",
            ["Messaging__Postgres"] = connections.Postgres,
            ["Messaging__RabbitMq"] = connections.RabbitMq.ToString(),
            [LibraryStages.QueueVariable] = to,
            [KindSubmitter.KindVariable] = Kind,
            [KindSubmitter.InputVariable] = FormattableString.Invariant($$"""{"rounds":{{howMany}}}"""),
        };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Short.DisposeAsync();
        await Long.DisposeAsync();
    }

    private static string OfLong(string queue) => $"{queue}-long";
}
