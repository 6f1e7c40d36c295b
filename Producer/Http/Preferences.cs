using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Messaging.Producer.Http;

/// <summary>The header <c>Prefer</c> (RFC 7240). What is not understood is ignored, as the RFC asks.</summary>
/// <param name="Wait">How long the client would wait, cut down to <see cref="QueryReader.LongestWait"/>; null if it did not say.</param>
/// <param name="RespondAsync">It is content with an answer before the end, which it gets anyway.</param>
internal readonly record struct Preferences(TimeSpan? Wait, bool RespondAsync)
{
    /// <summary>What a request prefers.</summary>
    public static Preferences Of(HttpRequest request) => Of(request.Headers["Prefer"]);

    /// <summary>Reads the header's lines. Of a preference that is there more than once the first counts.</summary>
    public static Preferences Of(StringValues prefer)
    {
        TimeSpan? wait = null;
        var respondAsync = false;
        var seenWait = false;
        foreach (var preference in prefer.SelectMany(line => Split(line ?? "")))
        {
            // Behind a semicolon stand a preference's parameters; none of ours has any.
            var parts = preference.Split(';', 2)[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts[0].Equals("respond-async", StringComparison.OrdinalIgnoreCase))
            {
                respondAsync = true;
            }
            else if (parts[0].Equals("wait", StringComparison.OrdinalIgnoreCase) && !seenWait)
            {
                seenWait = true;
                wait = Seconds(parts.ElementAtOrDefault(1));
            }
        }

        return new Preferences(wait, respondAsync);
    }

    /// <summary>Tells the client how long was waited for at most.</summary>
    public static void Applied(HttpResponse response, TimeSpan wait) => response.Headers["Preference-Applied"] = Text(wait);

    /// <summary>Tells the client which of its preferences were honoured in an answer of this status.</summary>
    public void Apply(HttpResponse response, int status)
    {
        if (RespondAsync && status == StatusCodes.Status202Accepted)
            response.Headers["Preference-Applied"] = Wait is { } waited ? $"respond-async, {Text(waited)}" : "respond-async";
        else if (Wait is { } wait)
            Applied(response, wait);
    }

    private static string Text(TimeSpan wait) => string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds:0.###}");

    private static TimeSpan? Seconds(string? text)
    {
        // So large a number that it does not fit is still a wish to wait for long.
        var digits = text?.Trim('"');
        if (string.IsNullOrEmpty(digits) || !digits.All(char.IsAsciiDigit))
            return null;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < QueryReader.LongestWait.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : QueryReader.LongestWait;
    }

    /// <summary>Splits at commas, but not within quotation marks.</summary>
    private static IEnumerable<string> Split(string line)
    {
        var start = 0;
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && (i == 0 || line[i - 1] != '\\'))
                quoted = !quoted;
            if (line[i] != ',' || quoted)
                continue;
            yield return line[start..i];
            start = i + 1;
        }

        yield return line[start..];
    }
}
