namespace Messaging.Infrastructure.Files;

/// <summary>A file that is complete. It never changes.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="MediaType">As it was said.</param>
/// <param name="Name">As it was said, without folders; null: none.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of its bytes.</param>
/// <param name="ChunkBytes">How many bytes each of its chunks has but the last.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="ExpiresAt">When it goes; null: with its task.</param>
/// <param name="TaskId">Whose input or result it is; null: an upload.</param>
public sealed record StoredFile(
    Guid Id,
    string MediaType,
    string? Name,
    long Size,
    byte[] Sha256,
    int ChunkBytes,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    Guid? TaskId)
{
    /// <summary>The hash in hex.</summary>
    public string Sha256Hex => Convert.ToHexStringLower(Sha256);
}

/// <summary>A file that somebody wants to store.</summary>
/// <param name="MediaType">What it is.</param>
/// <param name="Name">Without folders; null: none.</param>
/// <param name="TaskId">Whose input or result it is; null: an upload, which goes after <see cref="FileStoreOptions.Retention"/>.</param>
/// <param name="ExpectedSha256">What its hash must be; null: whatever it is.</param>
/// <param name="Length">How many bytes are going to come, as far as is known; null: not known.</param>
public sealed record NewFile(string MediaType, string? Name = null, Guid? TaskId = null, byte[]? ExpectedSha256 = null, long? Length = null);

/// <summary>A file has more bytes than it may.</summary>
public sealed class FileTooLargeException(long most) : Exception($"The file has more than {most} bytes.")
{
    /// <summary>How many it may have.</summary>
    public long Most => most;
}

/// <summary>All files together would have more bytes than they may.</summary>
public sealed class FilesFullException(long most) : Exception($"All files together may have {most} bytes, and there is no room for another of this size.")
{
    /// <summary>How many they may have.</summary>
    public long Most => most;
}

/// <summary>The bytes that came are not those that were meant.</summary>
public sealed class FileDigestException(string expected, string found) : Exception($"The SHA-256 of what came is {found}, not {expected}.");
