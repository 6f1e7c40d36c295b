using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Messaging.Contracts.Kinds;

/// <summary>Says back what it was told. It can wait, fail and report progress, so that anyone can try the system's behaviour.</summary>
/// <param name="Message">What to say back.</param>
/// <param name="Wait">How long to wait before answering, at most <see cref="LongestWait"/>. Default: not at all.</param>
/// <param name="FailTimes">How many attempts fail before one succeeds, 0 to 100. Default 0.</param>
/// <param name="ProgressSteps">In how many steps the wait is reported as progress, 0 to 1,000. Default 0: none.</param>
[TaskKind("debug.echo", Description = "Says back its message; can wait, fail the first attempts and report progress in steps.")]
public sealed record DebugEcho(
    [Description("What to say back.")] string Message,
    [Description("How long to wait before answering, at most an hour.")] TimeSpan? Wait = null,
    [Description("How many attempts fail before one succeeds."), Range(0, 100)] int FailTimes = 0,
    [Description("In how many steps the wait is reported as progress."), Range(0, 1000)] int ProgressSteps = 0)
    : ITaskInput<DebugEchoResult>
{
    /// <summary>The upper bound of <see cref="Wait"/>: 1 hour. A schema can't say it, so the handler does.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
}

/// <summary>What <see cref="DebugEcho"/> returns.</summary>
/// <param name="Message">The message of the input.</param>
/// <param name="Attempt">The attempt that succeeded, from 1.</param>
public sealed record DebugEchoResult(string Message, int Attempt);
