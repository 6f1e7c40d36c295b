using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Messaging.Infrastructure.Access;

/// <summary>
/// The text of a key: <c>msg_&lt;id&gt;_&lt;secret&gt;</c>. The id (50 bits) finds the row, the secret (260 bits of the system's generator)
/// proves the holder. Only the SHA-256 of the text is stored: see docs/decisions/0029.
/// </summary>
public static class KeySecret
{
    /// <summary>How every key begins, so that people and scanners recognise one.</summary>
    public const string Prefix = "msg_";

    /// <summary>The length of an id.</summary>
    public const int IdLength = 10;

    private const int SecretLength = 52;
    private const int Length = 4 + IdLength + 1 + SecretLength;

    // 32 characters, 5 bits each; without those that people mistake for others. No punctuation: a double click takes the whole key.
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    /// <summary>Makes a key.</summary>
    public static (string Id, string Key, byte[] Hash) Create()
    {
        var id = RandomNumberGenerator.GetString(Alphabet, IdLength);
        var key = $"{Prefix}{id}_{Secret()}";
        return (id, key, Hash(key));
    }

    /// <summary>260 random bits as a word.</summary>
    internal static string Secret() => RandomNumberGenerator.GetString(Alphabet, SecretLength);

    /// <summary>Takes a key apart; false for what can't be one.</summary>
    /// <param name="key">What somebody sent.</param>
    /// <param name="id">Its id.</param>
    public static bool TryRead(string key, out string id)
    {
        ArgumentNullException.ThrowIfNull(key);
        id = "";
        if (key.Length != Length || !key.StartsWith(Prefix, StringComparison.Ordinal) || key[Prefix.Length + IdLength] != '_')
            return false;
        id = key.Substring(Prefix.Length, IdLength);
        return IsId(id) && !key.AsSpan(Prefix.Length + IdLength + 1).ContainsAnyExcept(Characters);
    }

    /// <summary>True if it can be the id of a key.</summary>
    public static bool IsId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return id.Length == IdLength && !id.AsSpan().ContainsAnyExcept(Characters);
    }

    /// <summary>What is stored of a key.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.ASCII.GetBytes(key));

    /// <summary>Whether a key is the one of a hash, in a time that says nothing of how near it is.</summary>
    public static bool Fits(string key, ReadOnlySpan<byte> hash)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> bytes = stackalloc byte[Length];
        Span<byte> own = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.ASCII.GetBytes(key.AsSpan(0, Math.Min(key.Length, Length)), bytes);
        SHA256.HashData(bytes[..length], own);
        return CryptographicOperations.FixedTimeEquals(own, hash);
    }
}
