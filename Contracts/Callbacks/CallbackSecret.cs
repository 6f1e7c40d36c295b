using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Messaging.Contracts.Callbacks;

/// <summary>
/// A secret that callbacks are signed with, as text: <c>whsec_</c> and base64 of 24 to 64 bytes (Standard Webhooks, "Signature scheme").
/// </summary>
public static class CallbackSecret
{
    /// <summary>How every secret begins.</summary>
    public const string Prefix = "whsec_";

    /// <summary>What a secret may be, for error messages.</summary>
    public const string Rule = "'whsec_' and base64 of 24 to 64 bytes";

    /// <summary>The fewest bytes.</summary>
    public const int LeastBytes = 24;

    /// <summary>The most bytes.</summary>
    public const int MostBytes = 64;

    private const int NewBytes = 32;

    /// <summary>Makes a secret of 256 random bits.</summary>
    public static byte[] Create() => RandomNumberGenerator.GetBytes(NewBytes);

    /// <summary>The text of a secret.</summary>
    public static string ToText(ReadOnlySpan<byte> secret) => Prefix + Convert.ToBase64String(secret);

    /// <summary>Reads the text of a secret; false if it does not follow <see cref="Rule"/>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out byte[]? secret)
    {
        secret = null;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var bytes = new byte[MostBytes];
        if (!Convert.TryFromBase64String(text[Prefix.Length..], bytes, out var length) || length < LeastBytes)
            return false;
        secret = bytes[..length];
        return true;
    }
}
