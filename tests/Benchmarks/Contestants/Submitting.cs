using System.Diagnostics;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>Work is only handed over: nobody runs it. What was handed over is checked and thrown away after each run.</summary>
/// <param name="name">What the tables call it.</param>
/// <param name="role">The process that hands it over.</param>
/// <param name="meter">What it costs.</param>
/// <param name="share">It gets so much of the tasks of a run, up to 1: who works one by one would take minutes otherwise.</param>
/// <param name="settle">Awaits that what goes on behind the answers (publishing) is done; counted as cost, not as time.</param>
/// <param name="check">Checks that so many are there, and throws them away.</param>
/// <param name="parts">What ends with it.</param>
internal sealed class Submitting(
    string name,
    RoleProcess role,
    CpuMeter meter,
    double share,
    Func<CancellationToken, Task> settle,
    Func<int, CancellationToken, Task> check,
    params IReadOnlyList<IAsyncDisposable> parts) : IContestant
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public async Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var own = Math.Max(1, (int)(tasks * share));
        var before = meter.Read();
        var report = await role.RunAsync(own, RunLimit, cancellationToken);
        await settle(cancellationToken);
        var cost = CpuMeter.Between(before, meter.Read());
        await check(own, cancellationToken);
        return Sample.Of(own, Stopwatch.GetElapsedTime(report.Began, report.Ended), cost);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await role.DisposeAsync();
        foreach (var part in parts)
            await part.DisposeAsync();
    }
}
