namespace Messaging.Contracts.Http;

/// <summary>A file as <c>/v1/files</c> shows it. A member without a value is left out.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="Name">As it was said at the upload.</param>
/// <param name="MediaType">As it was said at the upload.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of its bytes, in hex; also its ETag.</param>
/// <param name="CreatedAt">When its upload began.</param>
/// <param name="ExpiresAt">When it is deleted; left out: with its task.</param>
/// <param name="TaskId">Whose input or result it is; left out: it was uploaded.</param>
/// <param name="Links">Where its bytes are.</param>
public sealed record FileResponse(
    Guid Id,
    string? Name,
    string MediaType,
    long Size,
    string Sha256,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    Guid? TaskId,
    FileLinks Links);

/// <summary>Addresses of a file, without host.</summary>
/// <param name="Self">Its bytes.</param>
/// <param name="Info">This.</param>
public sealed record FileLinks(string Self, string Info)
{
    /// <summary>The links of a file.</summary>
    public static FileLinks Of(Guid id) => new($"/v1/files/{id}", $"/v1/files/{id}/info");
}
