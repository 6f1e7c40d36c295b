using Messaging.Contracts.Kinds;

namespace Messaging.EntityFramework;

/// <summary>An input does not fit the schema of its own kind: its handler could not read it. Nothing was sent to the database.</summary>
/// <param name="kind">The kind.</param>
/// <param name="errors">What does not fit.</param>
public sealed class InvalidTaskInputException(string kind, IReadOnlyList<InputError> errors)
    : ArgumentException($"The input does not fit kind '{kind}': {string.Join(" ", errors.Select(e => $"{(e.JsonPointer.Length == 0 ? "the whole input" : e.JsonPointer)}: {e.Detail}"))}")
{
    /// <summary>The kind.</summary>
    public string Kind { get; } = kind;

    /// <summary>The fields that do not fit, by JSON pointer.</summary>
    public IReadOnlyList<InputError> Errors { get; } = errors;
}
