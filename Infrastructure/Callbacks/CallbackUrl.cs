using System.Net;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Outbound;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>
/// Says of an address whether a callback may go there, as far as that can be seen from the address alone. Where its name leads is checked when it is
/// connected to.
/// </summary>
public static class CallbackUrl
{
    /// <summary>Why not; null if it may. Says nothing of what stands in it but the host.</summary>
    public static string? Refusal(string url, CallbackOptions options)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        if (url.Length is 0 or > CallbackRequest.LongestUrl || url.Any(c => char.IsControl(c) || char.IsSurrogate(c)))
            return $"It is not an address of 1 to {CallbackRequest.LongestUrl} characters.";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            return "It is not an absolute address such as https://example.com/hooks.";
        if (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp)
            return $"Its scheme is '{uri.Scheme}'; callbacks go to https and http.";
        if (uri.UserInfo.Length > 0)
            return "It has a user name or password; callbacks prove themselves by their signature.";
        if (uri.Fragment.Length > 0)
            return "It has a fragment, which is not sent.";
        return IdnHostOf(uri) is { } host ? RefusalOf(host, options.Rules) : "Its host name can't be written in ASCII (IDNA).";
    }

    // A name may be well-formed and yet be none that DNS can be asked for: a label that is too long once it is encoded.
    private static string? IdnHostOf(Uri uri)
    {
        try
        {
            return uri.IdnHost;
        }
        catch (UriFormatException)
        {
            return null;
        }
    }

    private static string? RefusalOf(string host, AddressRules rules)
    {
        host = host.TrimEnd('.');
        var isLocal = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase); // RFC 6761
        var literal = isLocal ? IPAddress.Loopback : IPAddress.TryParse(host, out var address) ? address : null;
        if (literal is null)
            return null;
        try
        {
            AddressGuard.Allowed(host, [literal], rules);
            return null;
        }
        catch (RefusedAddressException e)
        {
            return e.Message + ".";
        }
    }
}
