using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Messaging.Contracts.Callbacks;

/// <summary>
/// Signs callbacks and checks them (Standard Webhooks, symmetric): HMAC-SHA256 over <c>id.timestamp.body</c>. Receivers written for .NET may
/// use <see cref="Verify"/>; every other library for Standard Webhooks does the same.
/// </summary>
public static class CallbackSignature
{
    /// <summary>The header with the message's id: the same in every delivery of it, so the receiver's idempotency key.</summary>
    public const string IdHeader = "webhook-id";

    /// <summary>The header with the time of this request, in seconds since 1970.</summary>
    public const string TimestampHeader = "webhook-timestamp";

    /// <summary>The header with the signatures, parted by spaces: one for each secret that holds.</summary>
    public const string SignatureHeader = "webhook-signature";

    /// <summary>How old a request may be, and how far ahead, before <see cref="Verify"/> takes it for a replay: 5 minutes.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const string Version = "v1,";

    /// <summary>The value of <see cref="SignatureHeader"/>.</summary>
    /// <param name="id">The value of <see cref="IdHeader"/>.</param>
    /// <param name="timestamp">The value of <see cref="TimestampHeader"/>.</param>
    /// <param name="body">The body, byte by byte as it is sent.</param>
    /// <param name="secrets">At least one; the present one first.</param>
    public static string Sign(string id, long timestamp, ReadOnlySpan<byte> body, IReadOnlyList<byte[]> secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentOutOfRangeException.ThrowIfZero(secrets.Count);
        var signed = Signed(id, timestamp, body);
        return string.Join(' ', secrets.Select(secret => Version + Convert.ToBase64String(HMACSHA256.HashData(secret, signed.Span))));
    }

    /// <summary>True if a request is signed with the secret and not older, or newer, than <see cref="Tolerance"/>.</summary>
    /// <param name="id">The header <see cref="IdHeader"/>.</param>
    /// <param name="timestamp">The header <see cref="TimestampHeader"/>.</param>
    /// <param name="signatures">The header <see cref="SignatureHeader"/>.</param>
    /// <param name="body">The body, byte by byte as it came, before anything has parsed it.</param>
    /// <param name="secret">The bytes of the secret: <see cref="CallbackSecret.TryParse"/>.</param>
    /// <param name="now">The present time.</param>
    public static bool Verify(string? id, string? timestamp, string? signatures, ReadOnlySpan<byte> body, byte[] secret, DateTimeOffset now)
    {
        if (id is null || signatures is null || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var sent))
            return false;
        if (Math.Abs((double)now.ToUnixTimeSeconds() - sent) > Tolerance.TotalSeconds)
            return false;
        var expected = HMACSHA256.HashData(secret, Signed(id, sent, body).Span);
        var given = new byte[expected.Length];
        foreach (var signature in signatures.Split(' '))
        {
            if (signature.StartsWith(Version, StringComparison.Ordinal)
                && Convert.TryFromBase64String(signature[Version.Length..], given, out var length)
                && length == expected.Length
                && CryptographicOperations.FixedTimeEquals(expected, given))
                return true;
        }

        return false;
    }

    private static ReadOnlyMemory<byte> Signed(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var signed = new ArrayBufferWriter<byte>(body.Length + 100);
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}."), signed);
        signed.Write(body);
        return signed.WrittenMemory;
    }
}
