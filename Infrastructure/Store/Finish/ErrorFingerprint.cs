using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Store.Finish;

/// <summary>
/// Says which failures have the same cause: 16 hex digits from the kind, the failure's code, the exception's type, the message without
/// what varies, and the handler's own top stack frame. The same failure gives the same digits in every process and version of this file;
/// changing a rule here starts new groups. The kind has to stay in it, here as in the ledger's own <c>messaging.fingerprint</c>: searches take
/// all dead letters of one fingerprint for one kind.
/// </summary>
public static partial class ErrorFingerprint
{
    /// <summary>The length of a fingerprint.</summary>
    public const int Length = 16;

    /// <summary>What a fingerprint is, for error messages.</summary>
    public const string Rule = "16 characters of 0-9 and a-f";

    // What makes a failure differ stands in front; the rest of a long message is often a quotation.
    private const int LongestMessage = 1_000;

    /// <summary>The fingerprint of a failure of a kind.</summary>
    public static string Of(string kind, TaskFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var cause = string.Join('\n', kind, failure.Code, Detail(failure, "exception"), Normalise(failure.Message), TopFrame(Detail(failure, "stack")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cause)).AsSpan(0, Length / 2));
    }

    /// <summary>True if <paramref name="text"/> can be one.</summary>
    public static bool IsFingerprint(string text) => text is { Length: Length } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>
    /// A message without what varies from task to task: quoted values, paths and queries of addresses, UUIDs, times, hexadecimal and decimal
    /// numbers. Lower case, single blanks.
    /// </summary>
    public static string Normalise(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var text = message.Length <= LongestMessage ? message : message[..LongestMessage];
        // In this order: what may hold the others comes first.
        text = Quoted.Replace(text, "<text>");
        text = AddressPath.Replace(text, "$1/<path>");
        text = Uuid.Replace(text, "<id>");
        text = Moment.Replace(text, "<time>");
        text = Hexadecimal.Replace(text, "<hex>");
        text = Number.Replace(text, "<n>");
        return Blank.Replace(text, " ").Trim().ToLowerInvariant();
    }

    /// <summary>
    /// The first frame that is not the runtime's or the platform's, without arguments, file and line, which change with every build;
    /// the first of all if there is no other; empty without a stack.
    /// </summary>
    public static string TopFrame(string stack)
    {
        string? first = null;
        foreach (Match frame in Frame.Matches(stack))
        {
            // Compiler-generated names are numbered: <>c__DisplayClass12_0.<Run>b__3.
            var method = Number.Replace(frame.Groups[1].Value, "<n>");
            first ??= method;
            if (!method.StartsWith("System.", StringComparison.Ordinal) && !method.StartsWith("Microsoft.", StringComparison.Ordinal))
                return method;
        }

        return first ?? "";
    }

    private static string Detail(TaskFailure failure, string member) =>
        failure.Details is { ValueKind: JsonValueKind.Object } details
        && details.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    // An apostrophe inside a word opens nothing: "couldn't read 'a.txt'".
    [GeneratedRegex("""(?<!\w)'[^']*'(?!\w)|"[^"]*"|`[^`]*`|“[^”]*”|‘[^’]*’|«[^»]*»""", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted { get; }

    [GeneratedRegex(@"\b([a-z][a-z0-9+.-]*://[^\s/?#""'<>)]+)[/?#][^\s""'<>)]*", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex AddressPath { get; }

    [GeneratedRegex(@"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Uuid { get; }

    [GeneratedRegex(
        @"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?(?:\s?Z\b|\s?[+-]\d{2}:?\d{2}\b)?|\b\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Moment { get; }

    // Without 0x only what has a digit and is long enough to be no word.
    [GeneratedRegex(@"\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Hexadecimal { get; }

    [GeneratedRegex(@"[+-]?\d+(?:[.,:]\d+)*", RegexOptions.CultureInvariant)]
    private static partial Regex Number { get; }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blank { get; }

    [GeneratedRegex(@"^[ \t]+at ([^\r\n(]+)\(", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Frame { get; }
}
