namespace Messaging.Producer.Access;

/// <summary>Which web pages of other origins may use the API from browsers. Bound from the configuration section <c>Messaging:Cors</c>.</summary>
internal sealed class CrossOriginOptions
{
    /// <summary>Origins, <c>https://app.example.com</c>: scheme, host, and port if it is not the scheme's own. Default: none. <c>*</c> is refused.</summary>
    public IList<string> Origins { get; } = [];

    /// <summary>True if a text is an origin as browsers write it (RFC 6454, section 6.2).</summary>
    public static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https"
        && address.GetLeftPart(UriPartial.Authority) == text
        && address.UserInfo.Length == 0;
}
