using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Messaging.Producer.Http;

/// <summary>The header <c>Prefer</c> (RFC 7240). What is not understood is ignored, as the RFC asks.</summary>
internal static class Preferences
{
    /// <summary>How long the client would wait, cut down to <see cref="QueryReader.LongestWait"/>; null if it did not say.</summary>
    public static TimeSpan? Wait(StringValues prefer)
    {
        foreach (var preference in prefer.SelectMany(line => (line ?? "").Split(',', ';')))
        {
            if (preference.Split('=', 2, StringSplitOptions.TrimEntries) is ["wait", var text]
                && int.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                return TimeSpan.FromSeconds(Math.Min(seconds, (int)QueryReader.LongestWait.TotalSeconds));
        }

        return null;
    }

    /// <summary>Tells the client how long was waited for at most.</summary>
    public static void Applied(HttpResponse response, TimeSpan wait) =>
        response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds:0.###}");
}
