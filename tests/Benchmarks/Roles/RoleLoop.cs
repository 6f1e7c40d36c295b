using System.Globalization;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>The child's side of <see cref="RoleProcess"/>: a number of tasks comes in as a line, the report goes out as one.</summary>
internal static class RoleLoop
{
    /// <summary>First argument of a child process; the second is the role.</summary>
    public const string Verb = "role";

    /// <summary>In front of every line that is meant for the parent; others are logs.</summary>
    public const char Mark = '@';

    /// <summary>The first line: the role has started.</summary>
    public const string Ready = "@ready";

    /// <summary>Plays a role until the parent closes our input.</summary>
    public static async Task<int> RunAsync(string name)
    {
        await using var role = Create(name);
        await role.StartAsync(CancellationToken.None);
        Console.WriteLine(Ready);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var report = await role.RunAsync(int.Parse(line, CultureInfo.InvariantCulture), CancellationToken.None);
            Console.WriteLine($"{Mark}{report}");
        }

        return 0;
    }

    private static IRole Create(string name) => name switch
    {
        BareSender.Name => new BareSender(),
        BareReceiver.Name => new BareReceiver(),
        TimedSender.Name => new TimedSender(),
        TimedReceiver.Name => new TimedReceiver(),
        RawSender.Name => new RawSender(),
        RawReceiver.Name => new RawReceiver(),
        LibrarySubmitter.Name => new LibrarySubmitter(new LibraryStages()),
        LibrarySubmitter.WithoutRelay => new LibrarySubmitter(new LibraryStages(relay: false)),
        HeldRelay.Name => new HeldRelay(),
        WatchedSubmitter.Name => new WatchedSubmitter(),
        HttpSubmitter.Name => new HttpSubmitter(),
        LatencyProbe.Name => new LatencyProbe(),
        PostgresRows.Name => new PostgresRows(),
        KindSubmitter.Name => new KindSubmitter(),
        SlowWebServer.Name => new SlowWebServer(),
        PostProbe.Name => new PostProbe(),
        BacklogProbe.Name => new BacklogProbe(),
        PackProbe.Name => new PackProbe(),
        _ => throw new ArgumentException($"There is no role '{name}'.", nameof(name)),
    };
}
