using System.Text;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;

namespace Messaging.Producer.Http;

/// <summary>
/// The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header-07): a string of RFC 9651, <c>"8e03978e"</c>, or, as most
/// clients send it, the bare key.
/// </summary>
internal static class IdempotencyKeyHeader
{
    /// <summary>Its name.</summary>
    public const string Name = "Idempotency-Key";

    /// <summary>The answer's header that says that a key had made the task before.</summary>
    public const string Replayed = "Idempotent-Replayed";

    private const string Rule =
        $"{Names.IdempotencyKeyRule}: either in quotation marks, in ASCII, or bare, without white space, quotation marks, commas and semicolons";

    /// <summary>Reads the key; null if the request has none, or a bad one.</summary>
    public static string? Read(HttpRequest request, out Problem? problem)
    {
        problem = null;
        if (!request.Headers.TryGetValue(Name, out var values))
            return null;
        if (values.Count > 1)
        {
            problem = Refuse("Given more than once.");
            return null;
        }

        var text = (values[0] ?? "").Trim(' ', '\t');
        var key = text is ['"', ..] ? Unquote(text) : Bare(text);
        if (key is not null && Names.IsIdempotencyKey(key))
            return key;
        problem = Refuse($"'{Problems.Short(text)}' is not {Rule}.");
        return null;
    }

    /// <summary>Refuses the header where it could only be misunderstood.</summary>
    public static Problem? RefuseFor(HttpRequest request, string wayOut) => request.Headers.ContainsKey(Name) ? Refuse(wayOut) : null;

    /// <summary>Puts the header's key into a request; both may be there if they agree.</summary>
    public static Problem? Merge(string? header, SubmitTaskRequest request, out SubmitTaskRequest merged)
    {
        merged = header is null ? request : request with { IdempotencyKey = header };
        return header is not null && request.IdempotencyKey is { } member && member != header
            ? Problems.InvalidRequest(new ProblemError($"It is not the key of the header {Name}; give one of the two.", "#/idempotencyKey"))
            : null;
    }

    private static Problem Refuse(string detail) => Problems.InvalidRequest(new ProblemError(detail, Header: Name));

    private static string? Bare(string text)
    {
        foreach (var c in text)
        {
            if (c is <= ' ' or > '~' or '"' or ',' or ';')
                return null;
        }

        return text;
    }

    /// <summary>An sf-string. Parameters behind it, which nobody has defined, are ignored.</summary>
    private static string? Unquote(string text)
    {
        var key = new StringBuilder(text.Length);
        for (var i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    var rest = text.AsSpan(i + 1).TrimStart(' ');
                    return rest.IsEmpty || rest[0] == ';' ? key.ToString() : null;
                case '\\' when i + 1 < text.Length && text[i + 1] is '"' or '\\':
                    key.Append(text[++i]);
                    break;
                case '\\' or < ' ' or > '~':
                    return null;
                default:
                    key.Append(text[i]);
                    break;
            }
        }

        return null;
    }
}
