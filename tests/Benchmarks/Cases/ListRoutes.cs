using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>The lists and searches of the Producer, with filters that take much, little and nothing of a filled ledger.</summary>
internal static class ListRoutes
{
    /// <summary>All that is asked, of a ledger that <see cref="StoredTasks"/> filled.</summary>
    /// <param name="oldest">Time of the oldest task.</param>
    /// <param name="newest">Time of the newest one.</param>
    /// <param name="ids">Tasks that exist.</param>
    public static IReadOnlyList<Route> All(DateTimeOffset oldest, DateTimeOffset newest, IReadOnlyList<Guid> ids)
    {
        var day = oldest.AddDays(1).UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var window = $"finishedAfter={day}T06:00:00Z&finishedBefore={day}T18:00:00Z";
        return
        [
            Route.Fixed("v1/tasks"),
            Route.Fixed("v1/tasks?limit=1000"),
            Somewhere("v1/tasks?"),
            Somewhere("v1/tasks?limit=1000&"),
            new("v1/tasks/{id}", random => $"v1/tasks/{ids[random.Next(ids.Count)]}"),
            new("v1/tasks/{id}/attempts", random => $"v1/tasks/{ids[random.Next(ids.Count)]}/attempts"),
            Route.Fixed("v1/tasks?state=queued"),
            Route.Fixed("v1/tasks?state=succeeded"),
            Somewhere("v1/tasks?state=succeeded&"),
            Route.Fixed("v1/tasks?state=failed"),
            Somewhere("v1/tasks?state=failed&"),
            Route.Fixed("v1/tasks?state=failed&limit=1000"),
            Route.Fixed("v1/tasks?state=expired"),
            Route.Fixed("v1/tasks?kind=mail.send"),
            Somewhere("v1/tasks?kind=image.resize&"),
            Somewhere("v1/tasks?kind=report.yearly&"),
            Somewhere("v1/tasks?queue=reports&"),
            Somewhere("v1/tasks?queue=audits&"),
            Somewhere("v1/tasks?kind=report.daily&queue=audits&"),
            Somewhere("v1/tasks?state=succeeded&kind=report.yearly&"),
            Somewhere("v1/tasks?state=failed&kind=report.yearly&"),
            Route.Fixed("v1/tasks?state=failed&queue=reports"),
            Route.Fixed("v1/tasks?tag=nightly"),
            Somewhere("v1/tasks?tag=nightly&"),
            new("v1/tasks?tag=customer-{n}", random => $"v1/tasks?tag=customer-{random.Next(10_000)}"),
            Route.Fixed("v1/tasks?tag=audit"),
            Route.Fixed("v1/tasks?tag=unknown"),
            Somewhere("v1/tasks?tag=nightly&state=failed&"),
            Somewhere("v1/tasks?tag=nightly&kind=report.yearly&"),
            Somewhere("v1/tasks?tag=nightly&state=queued&"),
            Somewhere("v1/tasks?tag=nightly&state=succeeded&kind=report.yearly&"),
            Route.Fixed("v1/dead-letters"),
            Route.Fixed("v1/dead-letters?limit=1000"),
            SomewhereDead("v1/dead-letters?"),
            Route.Fixed($"v1/dead-letters?{window}"),
            Route.Fixed("v1/dead-letters?kind=debug.echo"),
            SomewhereDead("v1/dead-letters?kind=image.resize&"),
            SomewhereDead("v1/dead-letters?kind=report.yearly&"),
            SomewhereDead("v1/dead-letters?queue=audits&"),
            SomewhereDead("v1/dead-letters?tag=nightly&"),
            SomewhereDead("v1/dead-letters?tag=audit&"),
            Route.Fixed($"v1/dead-letters?fingerprint={Fingerprint("debug.echo", "3")}"),
            Route.Fixed($"v1/dead-letters?fingerprint={Fingerprint("debug.echo", "rare")}"),
            Route.Fixed("v1/dead-letters/groups"),
            Route.Fixed("v1/dead-letters/groups?kind=mail.send"),
            Route.Fixed($"v1/dead-letters/groups?{window}"),
        ];

        DateTimeOffset At(Random random) => oldest + ((newest - oldest) * random.NextDouble());

        Route Somewhere(string path) => new($"{path}after={{id}}", random => $"{path}after={Guid.CreateVersion7(At(random))}");

        Route SomewhereDead(string path) => new(
            $"{path}after={{position}}", random => $"{path}after={At(random).UtcDateTime.Ticks / TimeSpan.TicksPerMicrosecond}-{Guid.Empty}");
    }

    // As messaging.fingerprint does it.
    private static string Fingerprint(string kind, string code) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{kind}\n{code}")))[..16];
}
