using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Computes: a CPU-bound task that keeps its thread until it is done, and looks at its token after each round.</summary>
/// <param name="Rounds">How often a block of 16 KiB is hashed with SHA-256; one takes some 10 to 100 µs.</param>
[TaskKind("test.compute", Description = "Keeps a processor busy.", Timeout = "PT1M")]
public sealed record Compute([Description("How often a block is hashed."), Range(1, 1_000_000_000)] int Rounds) : ITaskInput<string>;
