using Messaging.Infrastructure.Store.Kinds;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>Has a consumer run some tasks first and end: only kinds that workers have measured as short are packed.</summary>
internal static class ShortKind
{
    /// <summary>How many tasks it runs.</summary>
    public const int Tasks = 5_000;

    /// <summary>Returns when the kind is measured, everybody has read so, and nothing of those tasks is left.</summary>
    /// <param name="connections">The servers.</param>
    /// <param name="queue">Where the tasks go.</param>
    /// <param name="ledger">Where they are kept.</param>
    /// <param name="submitAsync">Submits so many, the last of which it tells.</param>
    /// <param name="tasks">How many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task MeasureAsync(
        ProcessConnections connections,
        string queue,
        BenchLedger ledger,
        Func<int, CancellationToken, Task<RoleReport>> submitAsync,
        int tasks,
        CancellationToken cancellationToken)
    {
        await using (var consumer = await ConsumerProcess.StartAsync(
            connections,
            new ConsumerProcessOptions { Queues = [queue] },
            new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" },
            cancellationToken))
        {
            var submitted = await submitAsync(tasks, cancellationToken);
            await ledger.WaitUntilEndedAsync(submitted.LastTask, cancellationToken);
            await ledger.WaitUntilMeasuredAsync(Payload.Kind, cancellationToken);
            await consumer.StopAsync(cancellationToken);
        }

        await ledger.WaitUntilSettledAsync(cancellationToken);
        await ledger.TakeRunAsync(tasks, cancellationToken);
        await Task.Delay(2 * KindCatalog.Interval, TimeProvider.System, cancellationToken); // until the submitting process has read it too
    }
}
