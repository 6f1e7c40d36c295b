using System.ComponentModel;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>What a <see cref="Poison"/> does to its worker.</summary>
public enum Harm
{
    /// <summary>Nothing: a healthy neighbour of the same kind, that shares packs with poisonous ones.</summary>
    None,

    /// <summary><see cref="System.Environment.FailFast(string)"/>.</summary>
    FailFast,

    /// <summary>Allocates until the process dies of it; give the worker a <c>DOTNET_GCHeapHardLimit</c>.</summary>
    OutOfMemory,
}

/// <summary>Kills its worker, or not.</summary>
/// <param name="Harm">What it does.</param>
/// <param name="After">How long after its start.</param>
/// <param name="Deaths">It does so in its first runs only, this many, counted in its trail. Default: always.</param>
/// <param name="Trail">The file that gets a line <c>started [task] [attempt] [process id]</c> at each start.</param>
[TaskKind("test.poison", Description = "Kills its worker, or not.", Timeout = "PT10M")]
public sealed record Poison(
    [Description("What it does to its worker.")] Harm Harm = Harm.None,
    [Description("How long after its start.")] TimeSpan? After = null,
    [Description("In its first runs only, this many.")] int? Deaths = null,
    [Description("A file that gets a line at each start.")] string? Trail = null)
    : ITaskInput<string>;
