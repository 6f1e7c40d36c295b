using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>
/// Bodies that say what changes (JSON Merge Patch, RFC 7396): a member that is there takes the place of the one before, null removes it, what is not
/// there stays.
/// </summary>
internal static class MergePatch
{
    /// <summary>The media type.</summary>
    public const string MediaType = "application/merge-patch+json";

    // Plain JSON means the same to those who never heard of the other.
    private static readonly string[] MediaTypes = [MediaType, "application/json"];

    /// <summary>Null if the body is of such a type. Otherwise the answer says which there are (<c>Accept-Patch</c>, RFC 5789, section 2.2).</summary>
    public static Problem? CheckType(HttpContext http)
    {
        var problem = RequestBody.CheckType(http.Request, MediaTypes);
        if (problem is not null)
            http.Response.Headers["Accept-Patch"] = string.Join(", ", MediaTypes);
        return problem;
    }
}
