using System.ComponentModel;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Holds its slot for a time, or until a file is there, and says on its trail how it was stopped.</summary>
/// <param name="For">How long at most; measured by this machine's clock, so it runs out while the worker is frozen. Default: an hour.</param>
/// <param name="Until">A file that ends it when it is there.</param>
/// <param name="Trail">
/// The file that gets the lines <c>started [task] [attempt] [process id]</c>, then <c>stopped [task] [StopReason] [process id]</c> when
/// its token is cancelled or <c>returned [task] [attempt] [process id]</c>.
/// </param>
/// <param name="HeedToken">False: goes on although it is told to stop (the trail says so all the same).</param>
[TaskKind("test.hold", Description = "Holds its slot until it is told.", Timeout = "PT1H", FirstRetryDelay = "PT0.1S")]
public sealed record Hold(
    [Description("How long at most.")] TimeSpan? For = null,
    [Description("A file that ends it.")] string? Until = null,
    [Description("A file that gets a line at each step.")] string? Trail = null,
    [Description("False: goes on when told to stop.")] bool HeedToken = true)
    : ITaskInput<string>;
