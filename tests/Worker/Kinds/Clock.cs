using System.ComponentModel;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Says when it was started, by the clock that all processes of a machine share; for measuring how long tasks wait.</summary>
/// <param name="Padding">Makes the input as large as one likes.</param>
[TaskKind("test.clock", Description = "Says when it was started.", Timeout = "PT1M")]
public sealed record Clock([Description("Makes the input larger.")] string Padding = "") : ITaskInput<ClockReading>;

/// <summary>What <c>test.clock</c> answers.</summary>
/// <param name="Started">The first thing its handler read: <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
public sealed record ClockReading(long Started);
