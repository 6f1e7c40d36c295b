using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>JSON as the documentation shows it: <c>…</c> stands for what is left out, between members as well as in a text.</summary>
internal static partial class ShownJson
{
    private const char Rest = '…';

    // What is the same whenever the example is run.
    private static readonly string[] Fixed = ["action", "kind", "mediaType", "message", "name", "queue", "reason", "scopes", "state", "status", "title", "type"];

    /// <summary>What is not so in a real answer; each with a JSON pointer.</summary>
    public static IReadOnlyList<string> Differences(string shown, JsonNode? real)
    {
        var wrong = new List<string>();
        Compare(JsonNode.Parse(WithoutRests(shown)), real, "", wrong);
        return wrong;
    }

    private static void Compare(JsonNode? shown, JsonNode? real, string at, List<string> wrong)
    {
        switch (shown)
        {
            case JsonObject members when real is JsonObject others:
                foreach (var (name, value) in members)
                {
                    if (others.ContainsKey(name))
                        Compare(value, others[name], $"{at}/{name}", wrong);
                    else
                        wrong.Add($"{at}/{name} is not there");
                }

                break;
            case JsonArray elements when real is JsonArray others:
                for (var i = 0; i < elements.Count; i++)
                {
                    if (i < others.Count)
                        Compare(elements[i], others[i], $"{at}/{i}", wrong);
                    else
                        wrong.Add($"{at}/{i} is not there");
                }

                break;
            case null:
                break;
            case JsonValue value when real is JsonValue other && Kind(value) == Kind(other):
                if (Fixed.Contains(at[(at.LastIndexOf('/') + 1)..]) && !value.ToString().Contains(Rest) && value.ToString() != other.ToString())
                    wrong.Add($"{at} is {other}, not {value}");
                break;
            default:
                wrong.Add($"{at} is {real?.ToJsonString() ?? "null"}, of another type than {shown.ToJsonString()}");
                break;
        }
    }

    private static string Kind(JsonValue value) => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? "boolean" : value.GetValueKind().ToString();

    private static string WithoutRests(string shown)
    {
        var text = new StringBuilder(shown.Length);
        var inText = false;
        for (var i = 0; i < shown.Length; i++)
        {
            if (shown[i] == '"' && (i == 0 || shown[i - 1] != '\\'))
                inText = !inText;
            if (inText || shown[i] != Rest)
                text.Append(shown[i]);
        }

        var clean = DoubleComma().Replace(text.ToString(), ",");
        return LastComma().Replace(FirstComma().Replace(clean, "$1"), "$1");
    }

    [GeneratedRegex(@",(\s*,)+")]
    private static partial Regex DoubleComma();

    [GeneratedRegex(@"([{\[])\s*,")]
    private static partial Regex FirstComma();

    [GeneratedRegex(@",\s*([}\]])")]
    private static partial Regex LastComma();
}
