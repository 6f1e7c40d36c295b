using Messaging.Contracts.Kinds;

namespace Messaging.Infrastructure.Store.Kinds;

/// <summary>A kind as the ledger knows it.</summary>
/// <param name="Description">What workers said of it.</param>
/// <param name="Schema">Its input schema, compiled.</param>
/// <param name="MeanRun">How long an attempt runs on average, as measured by workers; null until one has measured.</param>
public sealed record RegisteredKind(KindDescription Description, InputSchema Schema, TimeSpan? MeanRun);
