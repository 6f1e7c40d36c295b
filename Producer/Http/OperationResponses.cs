using Messaging.Contracts.Http;
using Messaging.Infrastructure.Operations;
using Messaging.Infrastructure.Store.DeadLetters;

namespace Messaging.Producer.Http;

/// <summary>Shows operations.</summary>
internal static class OperationResponses
{
    public static OperationResponse Of(Operation operation) => new()
    {
        Id = operation.Id,
        Action = Word(operation.Action),
        Filter = Of(operation.Filter),
        State = Word(operation.State),
        RatePerSecond = operation.RatePerSecond,
        Reason = operation.Reason,
        Total = operation.Total,
        TotalIsExact = operation.TotalIsExact,
        Matched = operation.Done + operation.Skipped + operation.Failed,
        Done = operation.Done,
        Skipped = operation.Skipped,
        Failed = operation.Failed,
        Error = operation.Error,
        CreatedAt = operation.CreatedAt,
        StartedAt = operation.StartedAt,
        FinishedAt = operation.FinishedAt,
    };

    public static DeadLetterFilterShape Of(DeadLetterFilter filter) =>
        new(filter.Kind, filter.Queue, filter.Fingerprint, filter.Tag, filter.FinishedAfter, filter.FinishedBefore);

    /// <summary>The word of an action or a state on the wire.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
