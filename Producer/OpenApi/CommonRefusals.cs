using Messaging.Contracts.Http;
using Messaging.Producer.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>The problems that operations answer with because of what stands in front of them.</summary>
internal static class CommonRefusals
{
    /// <summary>What any request may be answered with: the document's response <c>default</c>.</summary>
    public static string[] OfEverywhere { get; } =
    [
        ProblemTypes.BadRequest,
        ProblemTypes.NotFound,
        ProblemTypes.MethodNotAllowed,
        ProblemTypes.RequestTimeout,
        ProblemTypes.UriTooLong,
        ProblemTypes.HeadersTooLarge,
        ProblemTypes.InternalError,
    ];

    /// <summary>All of an operation, its own ones first, each with its status.</summary>
    public static IEnumerable<(int Status, string Type)> Of(RouteEndpoint endpoint, Description description, ApiScopes scope)
    {
        IEnumerable<Refusal> all = description.Refusals;
        if (scope != ApiScopes.None)
        {
            all = all.Concat(
            [
                new(ProblemTypes.InvalidRequest),
                new(ProblemTypes.Unauthorized),
                new(ProblemTypes.InsufficientScope),
                new(ProblemTypes.CrossSite),
                new(ProblemTypes.RateLimited),
                new(ProblemTypes.LedgerUnavailable),
            ]);
        }

        if (endpoint.Metadata.GetMetadata<Answering>() is not null)
            all = all.Append(new(ProblemTypes.NotAcceptable));
        if (description.Body is { } body)
        {
            all = all.Concat([new(ProblemTypes.TooLarge), new(ProblemTypes.UnsupportedMediaType)]);
            if (body.Contents.Any(content => content.MediaType.Contains("json", StringComparison.Ordinal)))
                all = all.Append(new(ProblemTypes.MalformedJson));
        }

        return all.Select(refusal => (refusal.Status ?? ProblemExamples.All[refusal.Type].Status, refusal.Type)).Distinct();
    }
}
