using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>DELETE /v1/files/{id}?reason=</c>: deletes an upload. 204; 404 if there is none. An input or a result goes with its task. Whoever is
/// reading it is cut off soon. Of a large one the bytes are deleted in the background.
/// </summary>
internal static class DeleteFile
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/files/{id}", HandleAsync).Needs(ApiScopes.Operate)
        .Describe("deleteFile", ApiTags.Files, "Delete an upload", o => o
            .Path("id", Shape.Uuid, "The file.")
            .Query("reason", Shape.Reason, "Why; it goes into the audit log.")
            .Gives(204, "It is gone.", null)
            .Refuses(ProblemTypes.UnknownFile));

    private static async Task<Results<NoContent, ProblemResult>> HandleAsync(string id, HttpContext http, FileStore files)
    {
        if (!TaskIds.TryParse(id, out var fileId, out var notAnId))
            return notAnId;
        var (reason, problem) = ActionReason.OfQuery(http.Request);
        if (problem is not null)
            return new ProblemResult(problem);
        return await files.DeleteAsync(fileId, http.OnBehalf(reason), http.RequestAborted)
            ? TypedResults.NoContent()
            : new ProblemResult(Problems.UnknownFile(fileId));
    }
}
