using System.Collections.Concurrent;
using Messaging.Infrastructure.Access;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Access;

/// <summary>
/// How fast each key may go, in this process. The headers are those of draft-ietf-httpapi-ratelimit-headers: <c>RateLimit-Policy</c> says
/// how many (q) in how many seconds (w), <c>RateLimit</c> how many are left (r) and when all are there again (t, seconds).
/// </summary>
internal sealed class RateLimits(IOptions<AccessOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, TokenBucket> _buckets = new(StringComparer.Ordinal);

    /// <summary>Takes a request out of a key's rate, and says in the answer what is left. Null: it may; else the seconds to wait.</summary>
    public int? Take(HttpContext http, ApiKey key)
    {
        if (Bucket(key) is not { } bucket)
            return null;
        var level = bucket.Take();
        var headers = http.Response.Headers;
        headers["RateLimit-Policy"] = $"\"default\";q={bucket.Capacity};w={bucket.Capacity / bucket.PerSecond}";
        headers["RateLimit"] = $"\"default\";r={level.Left};t={Seconds(level.Full)}";
        return level.Allowed ? null : Seconds(level.Next);
    }

    /// <summary>Takes more out of the rate of the request's key: the tasks of a batch behind the first.</summary>
    public void Charge(HttpContext http, long more)
    {
        if (more > 0 && http.Key() is { } key && Bucket(key) is { } bucket)
            bucket.Charge(more);
    }

    private TokenBucket? Bucket(ApiKey key)
    {
        var rate = key.RatePerSecond ?? options.Value.RatePerSecond;
        if (rate <= 0)
            return null;
        // One bucket for each key that was ever used here; keys are made by people. The rate of a key never changes.
        return _buckets.GetOrAdd(
            key.Id,
            static (_, args) => new TokenBucket(args.Rate, Math.Max(1, (long)(args.Rate * args.Window)), args.Time),
            (Rate: rate, Window: Math.Floor(options.Value.RateWindow.TotalSeconds), Time: time));
    }

    // Up: nobody is told to come too early.
    private static int Seconds(TimeSpan time) => (int)Math.Ceiling(time.TotalSeconds);
}
