using Messaging.Contracts.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;

namespace Messaging.Producer.Http;

/// <summary>The pages of lists: <c>?after=&amp;limit=</c>, the member <c>next</c> and <c>Link: &lt;…&gt;; rel="next"</c> (RFC 8288).</summary>
internal static class Paging
{
    /// <summary>How much is on a page if nothing is said.</summary>
    public const int DefaultLimit = 50;

    /// <summary>How much may be.</summary>
    public const int LargestLimit = 1000;

    /// <summary>The parameter <c>limit</c>.</summary>
    public static int Limit(this QueryReader query) => query.Integer("limit", 1, LargestLimit, DefaultLimit);

    /// <summary>Answers with a page.</summary>
    /// <param name="http">The request.</param>
    /// <param name="found">What is on it, and one more if another page comes behind it.</param>
    /// <param name="limit">How much is on it at most.</param>
    /// <param name="position">What the next page goes on behind.</param>
    /// <param name="show">How it is shown.</param>
    public static JsonHttpResult<Page<TShown>> Answer<T, TShown>(
        HttpContext http, IReadOnlyList<T> found, int limit, Func<T, string> position, Func<T, TShown> show)
    {
        var next = found.Count > limit ? position(found[limit - 1]) : null;
        http.Response.Headers.CacheControl = "no-store";
        LinkNext(http, next);
        return TypedResults.Json(new Page<TShown>([.. found.Take(limit).Select(show)], next), HttpJson.Options);
    }

    /// <summary>Says where the next page is: at the address that was asked for, behind another position. Null: this is the last one.</summary>
    public static void LinkNext(HttpContext http, string? next)
    {
        if (next is null)
            return;
        var parameters = http.Request.Query.ToDictionary(q => q.Key, q => (string?)q.Value.ToString());
        parameters["after"] = next;
        http.Response.Headers.Link = $"<{QueryHelpers.AddQueryString(http.Request.Path, parameters)}>; rel=\"next\"";
    }
}
