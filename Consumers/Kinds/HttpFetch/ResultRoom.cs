using System.Text.Json;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Files;

namespace Messaging.Consumers.Kinds.HttpFetch;

/// <summary>
/// How long a page's error may be so that the result of all pages can be stored. Counted before the first request: to fetch a thousand
/// pages and then have no room for the answer helps nobody.
/// </summary>
internal static class ResultRoom
{
    /// <summary>Longer errors are cut even with room enough, in characters.</summary>
    public const int LongestError = 200;

    // Everything of a page but its URL, with a hash and the longest numbers, is 154 bytes; an error takes the place of the hash.
    private const int PageBytes = 160;
    private const int HashBytes = 60;

    // What stays in its row. Lists of pages are not to become files.
    private const int LargestResult = LargeTexts.MostInline;

    /// <summary>The most characters of an error.</summary>
    /// <exception cref="NonRetryableException">The URLs are so many and so long that not even the hashes would fit beside them.</exception>
    public static int ForErrors(IReadOnlyList<string> urls)
    {
        var ofUrls = urls.Sum(u => (long)JsonEncodedText.Encode(u, MessagingJson.Payload.Encoder).EncodedUtf8Bytes.Length);
        var perPage = (LargestResult - 1024 - ofUrls) / Math.Max(1, urls.Count);
        return perPage >= PageBytes
            ? (int)Math.Min(LongestError, perPage - PageBytes + HashBytes)
            : throw new NonRetryableException(
                $"The result of {urls.Count} URLs with {ofUrls} bytes would be larger than {LargestResult} bytes; use several tasks.",
                FailureCodes.InvalidInput);
    }
}
