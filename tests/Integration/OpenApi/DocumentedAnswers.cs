using System.Net;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>
/// Holds every answer that a test gets against the OpenAPI document: its status, its media type, its headers, its body, the type of its problem. So all tests over
/// HTTP keep the document true. Of addresses that the document lacks it says nothing; another test does.
/// </summary>
internal sealed class DocumentedAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string WayOut = "Mend the .Describe(…) of the route (or its answer), then run ./dev openapi.";

    private static readonly ApiDocument Document = ApiDocument.Committed;

    private static readonly HashSet<string> Headers =
        [.. Document.Root["components"]!["headers"]!.AsObject().Select(header => header.Key).Except(["RateLimit", "RateLimit-Policy"])];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        if (IsOfTheServerItself(answer) || Document.Find(request.Method.Method, request.RequestUri!.AbsolutePath) is not { } found)
            return answer;
        var wrong = await CheckAsync(found.Operation, request.Method, answer, cancellationToken);
        if (wrong.Count == 0)
        {
            await NoteAsync(found.Route, request.Method, answer, cancellationToken);
            return answer;
        }

        var text = answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true ? await answer.Content.ReadAsStringAsync(cancellationToken) : "";
        answer.Dispose();
        throw new AssertionException($"{found.Route} answered {(int)answer.StatusCode} otherwise than the OpenAPI document says. {WayOut}\n{string.Join('\n', wrong)}\n{text}");
    }

    private static async Task NoteAsync(string route, HttpMethod method, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var mediaType = method == HttpMethod.Head ? null : answer.Content.Headers.ContentType?.MediaType;
        var problem = mediaType == Problem.MediaType ? NameOf(JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!) : null;
        SeenAnswers.Add(route, (int)answer.StatusCode, problem);
        if (mediaType != "application/x-ndjson")
            return;
        foreach (var line in (await answer.Content.ReadAsStringAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(100))
        {
            if (JsonNode.Parse(line)!["problem"] is { } refused)
                SeenAnswers.Add(route, 200, NameOf(refused));
        }
    }

    /// <summary>What Kestrel can't read as a request it answers without a body, before anything of ours is asked.</summary>
    private static bool IsOfTheServerItself(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestHeaderFieldsTooLarge && answer.Content.Headers is { ContentType: null, ContentLength: 0 };

    private static async Task<IReadOnlyList<string>> CheckAsync(JsonObject operation, HttpMethod method, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var (response, isDefault) = Document.Response(operation, (int)answer.StatusCode);
        var wrong = new List<string>();
        if (isDefault && answer.IsSuccessStatusCode)
            wrong.Add($"The status {(int)answer.StatusCode} is not there.");
        if (answer.IsSuccessStatusCode && method != HttpMethod.Head)
        {
            var documented = response["headers"]?.AsObject();
            wrong.AddRange(answer.Headers.Concat(answer.Content.Headers).Select(header => header.Key).Intersect(Headers)
                .Where(name => documented?.ContainsKey(name) != true).Select(name => $"The header {name} is not there."));
        }

        var mediaType = answer.Content.Headers.ContentType?.MediaType;
        if (method == HttpMethod.Head)
            return wrong;
        if (response["content"]?.AsObject() is not { } contents)
        {
            if (mediaType is not null && answer.StatusCode != HttpStatusCode.NotModified)
                wrong.Add($"There is a body of type {mediaType}.");
            return wrong;
        }

        var content = mediaType is null ? null : contents[mediaType] ?? contents["*/*"];
        if (content is null)
            wrong.Add($"The media type {mediaType ?? "(none)"} is not there.");
        else if (mediaType is "application/json" or Problem.MediaType && contents[mediaType] is not null)
            wrong.AddRange(CheckBody(content, mediaType, await answer.Content.ReadAsStringAsync(cancellationToken)));
        else if (mediaType == "application/x-ndjson")
            wrong.AddRange(CheckLines(content, await answer.Content.ReadAsStringAsync(cancellationToken)));
        return wrong;
    }

    private static List<string> CheckBody(JsonNode content, string mediaType, string text)
    {
        var body = JsonNode.Parse(text);
        var wrong = SchemaCheck.Check(Document, content["schema"]!, body).ToList();
        if (mediaType == Problem.MediaType)
        {
            if (content["examples"]?[NameOf(body!)] is null)
                wrong.Add($"The problem {NameOf(body!)} is not there.");
        }

        return wrong;
    }

    private static IEnumerable<string> CheckLines(JsonNode content, string text) => text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Take(100) // a batch may have thousands, all of one make
        .Select(line => JsonNode.Parse(line)!)
        .SelectMany(line => SchemaCheck.Check(Document, content["schema"]!["x-part-schema"]!, line).Concat(
            line["problem"] is { } problem && content["x-part-problems"]?[NameOf(problem)] is null ? [$"The problem {NameOf(problem)} of a line is not there."] : []));

    private static string NameOf(JsonNode problem) => ((string)problem["type"]!)["urn:messaging:problem:".Length..];
}
