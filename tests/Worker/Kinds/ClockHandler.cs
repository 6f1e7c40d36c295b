using System.Diagnostics;
using Messaging.Contracts.Handlers;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Runs <c>test.clock</c>.</summary>
public sealed class ClockHandler : ITaskHandler<Clock, ClockReading>
{
    /// <inheritdoc/>
    public Task<ClockReading> HandleAsync(Clock input, TaskContext context, CancellationToken cancellationToken)
        => Task.FromResult(new ClockReading(Stopwatch.GetTimestamp()));
}
