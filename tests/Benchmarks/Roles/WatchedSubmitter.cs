using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A service that submits through the library, and says how long its slowest submits waited for their commit.</summary>
internal sealed class WatchedSubmitter : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "watched-submitter";

    private readonly LibraryStages _stages = new();

    /// <summary>Reads the longest wait out of a report.</summary>
    public static TimeSpan LongestWait(RoleReport report) => TimeSpan.FromMilliseconds(double.Parse(report.More, CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _stages.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        // A batch is handed over at once: its slowest submit has waited for as long as the whole.
        var waits = new ConcurrentBag<TimeSpan>();
        var report = await Callers.RunAsync(tasks, async count =>
        {
            var began = Stopwatch.GetTimestamp();
            var last = Guid.Empty;
            var commits = new Task[count];
            for (var i = 0; i < count; i++)
            {
                var task = _stages.NewTask(Payload.Kind, Payload.Input(Payload.Text));
                last = task.Id;
                commits[i] = _stages.SubmitAsync(task, cancellationToken);
            }

            await Task.WhenAll(commits);
            waits.Add(Stopwatch.GetElapsedTime(began));
            return last;
        });
        return report with { More = waits.Max().TotalMilliseconds.ToString("R", CultureInfo.InvariantCulture) };
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stages.DisposeAsync();
}
