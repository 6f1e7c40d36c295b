using System.Net;
using Messaging.Contracts.Kinds;

namespace Messaging.Consumers.Runtime;

/// <summary>The bounds of <see cref="WorkerOptions"/>: each fault is a sentence that names the setting, its value and what it may be.</summary>
internal static class WorkerOptionsCheck
{
    public static IEnumerable<string> Faults(WorkerOptions options)
    {
        var queues = options.QueueNames;
        if (queues.Count == 0)
            yield return Fault(nameof(options.Queues), options.Queues, "at least one queue name, several joined by commas");
        foreach (var queue in queues.Where(queue => !Names.IsQueue(queue)))
            yield return $"{WorkerOptions.Section}:{nameof(options.Queues)} names '{queue}', which is not {Names.QueueRule}.";
        foreach (var twice in queues.GroupBy(queue => queue).Where(group => group.Count() > 1))
            yield return $"{WorkerOptions.Section}:{nameof(options.Queues)} names '{twice.Key}' more than once.";
        if (options.Concurrency is < 1 or > 100_000)
            yield return Fault(nameof(options.Concurrency), options.Concurrency, "from 1 to 100000");
        if (options.CallbackConcurrency is < 1 or > 10_000)
            yield return Fault(nameof(options.CallbackConcurrency), options.CallbackConcurrency, "from 1 to 10000");
        if (options.HandBackAfter < TimeSpan.FromMilliseconds(50) || options.HandBackAfter > TimeSpan.FromMinutes(1))
            yield return Fault(nameof(options.HandBackAfter), options.HandBackAfter, "from 00:00:00.05 to 00:01:00");
        if (options.AckAfter < TimeSpan.FromMilliseconds(100) || options.AckAfter > TimeSpan.FromMinutes(10))
            yield return Fault(nameof(options.AckAfter), options.AckAfter, "from 00:00:00.1 to 00:10:00");
        if (options.AckAfter < options.HandBackAfter)
            yield return Fault(nameof(options.AckAfter), options.AckAfter, $"no less than {WorkerOptions.Section}:{nameof(options.HandBackAfter)}, {options.HandBackAfter}");
        if (options.HandlerGrace < TimeSpan.Zero || options.HandlerGrace > TimeSpan.FromHours(1))
            yield return Fault(nameof(options.HandlerGrace), options.HandlerGrace, "from 00:00:00 to 01:00:00");
        if (options.DrainTimeout < TimeSpan.Zero || options.DrainTimeout > TimeSpan.FromHours(1))
            yield return Fault(nameof(options.DrainTimeout), options.DrainTimeout, "from 00:00:00 to 01:00:00");
        if (options.HealthPort is < 0 or > ushort.MaxValue)
            yield return Fault(nameof(options.HealthPort), options.HealthPort, "a port, or 0 for none");
        if (!IPAddress.TryParse(options.HealthAddress, out _))
            yield return Fault(nameof(options.HealthAddress), options.HealthAddress, "an IP address");
    }

    private static string Fault(string setting, object value, string rule) =>
        FormattableString.Invariant($"{WorkerOptions.Section}:{setting} is '{value}'; it must be {rule}.");
}
