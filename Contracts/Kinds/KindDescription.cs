using System.Reflection;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Kinds;

/// <summary>
/// Everything others need to know of a kind: a worker upserts it at start, the producer validates requests by it,
/// <c>GET /v1/kinds</c> shows it.
/// </summary>
/// <param name="Name">The kind's name on the wire.</param>
/// <param name="Description">One sentence for people; may be empty.</param>
/// <param name="Queue">The queue its tasks go to unless a request names another.</param>
/// <param name="InputSchema">The JSON schema of its input, as JSON text.</param>
/// <param name="ResultSchema">The JSON schema of its result, as JSON text.</param>
/// <param name="Timeout">How long one attempt may take unless a request says otherwise.</param>
/// <param name="Retry">Its retry policy; a request may change the number of attempts.</param>
public sealed record KindDescription(
    string Name,
    string Description,
    string Queue,
    string InputSchema,
    string ResultSchema,
    TimeSpan Timeout,
    RetryPolicy Retry)
{
    /// <summary>The queue of kinds that name none.</summary>
    public const string DefaultQueue = "default";

    /// <summary>Reads the description off an input record.</summary>
    /// <param name="input">A class with a <see cref="TaskKindAttribute"/> that implements <see cref="ITaskInput{TResult}"/>.</param>
    /// <exception cref="ArgumentException">The class lacks one of the two, or a value of the attribute is out of its bounds.</exception>
    public static KindDescription Of(Type input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var kind = input.GetCustomAttribute<TaskKindAttribute>()
            ?? throw new ArgumentException($"{input} has no [TaskKind(\"name\")] attribute.", nameof(input));
        var result = ResultType(input);
        if (!Names.IsKind(kind.Name))
            throw new ArgumentException($"{input}: kind name '{kind.Name}' is not {Names.KindRule}.", nameof(input));
        if (!Names.IsQueue(kind.Queue))
            throw new ArgumentException($"{input}: queue name '{kind.Queue}' is not {Names.QueueRule}.", nameof(input));
        if (kind.MaxAttempts is < 1 or > RetryPolicy.MostAttempts)
            throw new ArgumentException($"{input}: MaxAttempts {kind.MaxAttempts} is not from 1 to {RetryPolicy.MostAttempts}.", nameof(input));
        return new KindDescription(
            kind.Name,
            kind.Description,
            kind.Queue,
            KindSchema.Of(input),
            KindSchema.Of(result),
            Duration(input, nameof(TaskKindAttribute.Timeout), kind.Timeout),
            new RetryPolicy(
                kind.MaxAttempts,
                Duration(input, nameof(TaskKindAttribute.FirstRetryDelay), kind.FirstRetryDelay),
                Duration(input, nameof(TaskKindAttribute.MaxRetryDelay), kind.MaxRetryDelay)));
    }

    /// <summary>The result type that an input record names.</summary>
    /// <exception cref="ArgumentException">The class does not implement <see cref="ITaskInput{TResult}"/> exactly once.</exception>
    public static Type ResultType(Type input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var marks = input.GetInterfaces()
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ITaskInput<>))
            .ToArray();
        return marks is [var mark]
            ? mark.GetGenericArguments()[0]
            : throw new ArgumentException($"{input} must implement ITaskInput<TResult> exactly once.", nameof(input));
    }

    private static TimeSpan Duration(Type input, string member, string text) =>
        Iso8601Duration.TryParse(text, out var value) && value > TimeSpan.Zero
            ? value
            : throw new ArgumentException($"{input}: {member} '{text}' is not a positive ISO 8601 duration such as PT30S.", nameof(input));
}
