using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Messaging.Contracts.Kinds;

/// <summary>The rules for names that travel in URLs, queue names and logs.</summary>
public static partial class Names
{
    /// <summary>What a kind's name may be, for error messages.</summary>
    public const string KindRule = "1 to 100 characters of a-z, 0-9, '.', '-' and '_', beginning with a letter";

    /// <summary>What a queue's name may be, for error messages.</summary>
    public const string QueueRule = "1 to 60 characters of a-z, 0-9, '-' and '_', beginning with a letter or digit";

    /// <summary>What a tag may be, for error messages.</summary>
    public const string TagRule = "1 to 100 characters without control characters";

    /// <summary>What an idempotency key may be, for error messages.</summary>
    public const string IdempotencyKeyRule = "1 to 255 characters without control characters";

    /// <summary>True if <paramref name="name"/> follows <see cref="KindRule"/>.</summary>
    public static bool IsKind(string name) => KindName.IsMatch(name);

    /// <summary>True if <paramref name="name"/> follows <see cref="QueueRule"/>. No dots: they part a queue from its priority.</summary>
    public static bool IsQueue(string name) => QueueName.IsMatch(name);

    /// <summary>True if <paramref name="tag"/> follows <see cref="TagRule"/>.</summary>
    public static bool IsTag(string tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        return tag.Length is >= 1 and <= 100 && !tag.Any(char.IsControl);
    }

    /// <summary>True if <paramref name="key"/> follows <see cref="IdempotencyKeyRule"/>. Half a surrogate pair is no character.</summary>
    public static bool IsIdempotencyKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is < 1 or > 255)
            return false;
        for (var rest = key.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done || Rune.IsControl(rune))
                return false;
            rest = rest[length..];
        }

        return true;
    }

    [GeneratedRegex(@"^[a-z][a-z0-9._-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KindName { get; }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]{0,59}\z", RegexOptions.CultureInvariant)]
    private static partial Regex QueueName { get; }
}
