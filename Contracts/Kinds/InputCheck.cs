using Messaging.Contracts.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>What <see cref="InputSchema.Validate"/> found: nothing, a text that is no JSON, or fields that do not fit.</summary>
public sealed class InputCheck
{
    private InputCheck(MalformedJson? malformed, IReadOnlyList<InputError> errors)
    {
        Malformed = malformed;
        Errors = errors;
    }

    /// <summary>Nothing to complain of.</summary>
    public static InputCheck Valid { get; } = new(null, []);

    /// <summary>True if the input may be accepted.</summary>
    public bool IsValid => Malformed is null && Errors.Count == 0;

    /// <summary>Why the text is no JSON; null if it is. Then <see cref="Errors"/> is empty: the fields were not judged.</summary>
    public MalformedJson? Malformed { get; }

    /// <summary>The fields that do not fit, in the order of the text, at most <see cref="InputSchema.MaxErrors"/>.</summary>
    public IReadOnlyList<InputError> Errors { get; }

    internal static InputCheck Broken(MalformedJson malformed) => new(malformed, []);

    internal static InputCheck Of(IReadOnlyList<InputError>? errors) => errors is null or [] ? Valid : new(null, errors);
}

/// <summary>One field that does not fit.</summary>
/// <param name="JsonPointer">Which one: a JSON pointer (RFC 6901), <c>""</c> for the whole input. A missing member is named as if it were there.</param>
/// <param name="Detail">What is wrong, one sentence for people.</param>
public sealed record InputError(string JsonPointer, string Detail);
