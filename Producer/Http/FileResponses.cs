using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;

namespace Messaging.Producer.Http;

/// <summary>Shows files.</summary>
internal static class FileResponses
{
    /// <summary>The longest name that is kept.</summary>
    public const int LongestName = 255;

    /// <summary>A file as the ledger has it.</summary>
    public static FileResponse Of(StoredFile file) => new(
        file.Id, file.Name, file.MediaType, file.Size, file.Sha256Hex, file.CreatedAt, file.ExpiresAt, file.TaskId, FileLinks.Of(file.Id));

    /// <summary>Its ETag, strong: the bytes of a file never change.</summary>
    public static string ETag(StoredFile file) => $"\"{file.Sha256Hex}\"";
}
