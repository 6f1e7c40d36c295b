using System.Globalization;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>What one child process of a benchmark does, again and again.</summary>
internal interface IRole : IAsyncDisposable
{
    /// <summary>Connects; on return it is ready for a run.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Does one run.</summary>
    Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken);
}

/// <summary>When a role's run began and ended, as <see cref="System.Diagnostics.Stopwatch"/> timestamps: on Linux one clock for all processes.</summary>
/// <param name="Began">Before the first task.</param>
/// <param name="Ended">After the last one.</param>
/// <param name="LastTask">The task that was submitted last; empty for roles that submit none.</param>
/// <param name="More">What else it found, in a form that its contestant knows; without spaces and line ends.</param>
internal readonly record struct RoleReport(long Began, long Ended, Guid LastTask = default, string More = "")
{
    /// <summary>As one line.</summary>
    public override string ToString() => $"{Began} {Ended} {LastTask} {More}";

    /// <summary>Reads such a line.</summary>
    public static RoleReport Parse(string line)
    {
        var parts = line.Split(' ');
        return new RoleReport(
            long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture), Guid.Parse(parts[2]), parts[3]);
    }
}
