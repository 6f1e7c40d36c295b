using System.Text;
using System.Text.RegularExpressions;

namespace Messaging.Contracts.Kinds;

/// <summary>
/// A <c>pattern</c>: an ECMA-262 regular expression, found anywhere in a string. Takes time in proportion to the string whatever the pattern, so
/// a schema from elsewhere can't stop the producer; look-around and back references don't exist for that reason.
/// </summary>
internal sealed class InputSchemaPattern
{
    private readonly Regex _regex;

    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It needs backtracking.</exception>
    public InputSchemaPattern(string source)
    {
        Source = source;
        _regex = new Regex(Translate(source), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }

    /// <summary>As the schema writes it.</summary>
    public string Source { get; }

    public bool IsMatch(string text) => _regex.IsMatch(text);

    // Where .NET means something else by the same sign: $ matches before a last line break too, \d and \w take the digits and letters of all scripts.
    private static string Translate(string source)
    {
        var result = new StringBuilder(source.Length + 8);
        var inClass = false;
        for (var i = 0; i < source.Length; i++)
        {
            var sign = source[i];
            if (sign == '\\' && i + 1 < source.Length)
            {
                var escaped = source[++i];
                var set = escaped switch { 'd' => "0-9", 'w' => "a-zA-Z0-9_", _ => null };
                result.Append(set is null ? $"\\{escaped}" : inClass ? set : $"[{set}]");
                continue;
            }

            inClass = sign == '[' || (inClass && sign != ']');
            result.Append(sign == '$' && !inClass ? "\\z" : sign);
        }

        return result.ToString();
    }
}
