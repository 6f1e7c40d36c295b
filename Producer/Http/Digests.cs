using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>The fields <c>Repr-Digest</c> and <c>Content-Digest</c> (RFC 9530) with SHA-256; other algorithms are ignored, as the RFC has it.</summary>
internal static class Digests
{
    public const string Repr = "Repr-Digest";

    public const string Content = "Content-Digest";

    private const string Algorithm = "sha-256";

    /// <summary>The field's value for a hash.</summary>
    public static string Of(byte[] sha256) => $"{Algorithm}=:{Convert.ToBase64String(sha256)}:";

    /// <summary>What the client says the SHA-256 of its bytes is; null if it says nothing of it.</summary>
    public static (byte[]? Sha256, Problem? Problem) Read(HttpRequest request)
    {
        byte[]? known = null;
        foreach (var field in (ReadOnlySpan<string>)[Content, Repr])
        {
            // A dictionary of structured fields (RFC 9651); byte sequences stand between colons and hold no comma.
            foreach (var member in request.Headers[field].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)))
            {
                if (!member.StartsWith($"{Algorithm}=", StringComparison.Ordinal))
                    continue;
                var hash = new byte[32];
                var text = member[(Algorithm.Length + 1)..];
                if (text is not [':', .., ':'] || !Convert.TryFromBase64String(text[1..^1], hash, out var length) || length != hash.Length)
                    return (null, Problems.InvalidRequest(new ProblemError($"It is not {Algorithm}=:<base64 of 32 bytes>:.", Header: field)));
                if (known is not null && !known.SequenceEqual(hash))
                    return (null, Problems.InvalidRequest(new ProblemError($"It says another {Algorithm} than the other digest.", Header: field)));
                known = hash;
            }
        }

        return (known, null);
    }
}
