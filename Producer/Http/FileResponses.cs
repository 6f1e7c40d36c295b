using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;

namespace Messaging.Producer.Http;

/// <summary>Shows files.</summary>
internal static class FileResponses
{
    /// <summary>The longest name that is kept.</summary>
    public const int LongestName = 255;

    /// <summary>What a file is whose media type nobody said.</summary>
    public const string UnknownType = "application/octet-stream";

    /// <summary>True if a media type can be sent in the header of an answer. Parameters in quotation marks may have been taken with other characters.</summary>
    public static bool CanBeSent(string mediaType) => mediaType.All(c => c is >= ' ' and <= '~');

    /// <summary>A file as the ledger has it.</summary>
    public static FileResponse Of(StoredFile file) => new(
        file.Id, file.Name, file.MediaType, file.Size, file.Sha256Hex, file.CreatedAt, file.ExpiresAt, file.TaskId, FileLinks.Of(file.Id));

    /// <summary>Its ETag, strong: the bytes of a file never change.</summary>
    public static string ETag(StoredFile file) => $"\"{file.Sha256Hex}\"";
}
