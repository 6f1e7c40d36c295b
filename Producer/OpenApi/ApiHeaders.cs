namespace Messaging.Producer.OpenApi;

/// <summary>The headers of answers that are worth a word in the OpenAPI document.</summary>
internal static class ApiHeaders
{
    public const string Location = "Location";
    public const string RetryAfter = "Retry-After";
    public const string ETag = "ETag";
    public const string Link = "Link";
    public const string PreferenceApplied = "Preference-Applied";
    public const string IdempotentReplayed = "Idempotent-Replayed";
    public const string ReprDigest = "Repr-Digest";
    public const string ContentDigest = "Content-Digest";
    public const string ContentDisposition = "Content-Disposition";
    public const string ContentRange = "Content-Range";
    public const string WwwAuthenticate = "WWW-Authenticate";
    public const string RateLimit = "RateLimit";
    public const string RateLimitPolicy = "RateLimit-Policy";

    /// <summary>Headers that come with every answer to a key that has a rate.</summary>
    public static IReadOnlyList<string> OfRates { get; } = [RateLimit, RateLimitPolicy];

    /// <summary>What each is, and an example.</summary>
    public static IReadOnlyDictionary<string, (string Text, string Example)> All { get; } = new Dictionary<string, (string, string)>
    {
        [Location] = ("The address of what was made, without host.", "/v1/tasks/01a1fc24-4278-79a1-af02-c94fc0685ef6"),
        [RetryAfter] = ("In how many seconds another look makes sense.", "1"),
        [ETag] = ("A strong tag of these very bytes (RFC 9110, section 8.8.3).", "\"AQIDBAUGBwgJCgsMDQ4PEA\""),
        [Link] = ("The next page (RFC 8288); not there on the last one.", "</v1/tasks?after=01a1fc24-4278-79a1-af02-c94fc0685ef6>; rel=\"next\""),
        [PreferenceApplied] = ("What of the header `Prefer` was honoured (RFC 7240).", "wait=10"),
        [IdempotentReplayed] = ("`true`: the idempotency key had made this task before.", "true"),
        [ReprDigest] = ("The SHA-256 of the whole file (RFC 9530).", "sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:"),
        [ContentDigest] = ("The SHA-256 of what is sent (RFC 9530); only with the whole file.", "sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:"),
        [ContentDisposition] = ("Files are sent as attachments, under the name of the upload.", "attachment; filename=report.csv"),
        [ContentRange] = ("Which bytes of the file these are (RFC 9110, section 14.4).", "bytes 0-1023/146515"),
        [WwwAuthenticate] = ("What is wrong with the key (RFC 6750).", "Bearer realm=\"messaging\", error=\"invalid_token\""),
        [RateLimit] = ("How much of the key's rate is left (`r`), and in how many seconds all of it is there again (`t`). Only for keys with a rate.", "\"default\";r=742;t=3"),
        [RateLimitPolicy] = ("How many requests (`q`) in how many seconds (`w`) the key may make. Only for keys with a rate.", "\"default\";q=1000;w=10"),
    };
}
