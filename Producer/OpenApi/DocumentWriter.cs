using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>Writes the OpenAPI 3.1 document out of what the routes say of themselves.</summary>
internal static class DocumentWriter
{
    /// <summary>The security scheme of API keys.</summary>
    public const string ApiKey = "apiKey";

    /// <summary>The security scheme of stream tokens.</summary>
    public const string StreamToken = "streamToken";

    /// <summary>How to write it anew, for messages.</summary>
    public const string Command = "./dev openapi";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string About = """
        Durable background tasks on RabbitMQ and Postgres: hand a task over, get an answer at once; it runs later, in another process, and its result is kept.

        JSON in camelCase; times are RFC 3339 in UTC; durations are ISO 8601 (`PT30S`). A member without a value is left out. Unknown members and parameters of
        requests are refused, never ignored. Every refusal is `application/problem+json` (RFC 9457) with a stable `type`. Answers may grow members: ignore those
        that you do not know.

        Without an API key made, the service listens on loopback only and lets everybody in; from the first key on, each request needs one.
        """;

    /// <summary>The document as it is committed and served: indented, with a line break at its end.</summary>
    /// <exception cref="InvalidOperationException">Routes lack a description; the message names them.</exception>
    public static string Write(IEnumerable<RouteEndpoint> endpoints) => Build(endpoints).ToJsonString(Indented) + "\n";

    private static JsonObject Build(IEnumerable<RouteEndpoint> endpoints)
    {
        var schemas = new SchemaWriter(new XmlComments(typeof(Problem).Assembly, typeof(DocumentWriter).Assembly));
        var operations = new OperationWriter(schemas);
        var paths = Paths(endpoints, operations);
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Messaging",
                ["version"] = "v1",
                ["description"] = About,
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The host that serves this document; http://127.0.0.1:8080 under ./dev up." }),
            ["tags"] = new JsonArray([.. ApiTags.All.Select(tag => new JsonObject { ["name"] = tag.Name, ["description"] = tag.Text })]),
            ["paths"] = paths,
            ["webhooks"] = WebhookWriter.Write(schemas),
            ["components"] = new JsonObject
            {
                ["schemas"] = Members(schemas.Components),
                ["responses"] = Members(operations.Responses),
                ["examples"] = new JsonObject(ProblemExamples.All.OrderBy(problem => problem.Key, StringComparer.Ordinal).Select(Example)),
                ["headers"] = new JsonObject(ApiHeaders.All.Select(Header)),
                ["securitySchemes"] = SecuritySchemes(),
            },
        };
    }

    private static JsonObject Paths(IEnumerable<RouteEndpoint> endpoints, OperationWriter operations)
    {
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        var silent = new List<string>();
        foreach (var endpoint in endpoints)
        {
            var path = endpoint.RoutePattern.RawText!;
            foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
            {
                if (endpoint.Metadata.GetMetadata<Description>() is not { } description)
                {
                    silent.Add($"{method} {path}");
                    continue;
                }

                if (!paths.TryGetValue(path, out var item))
                    paths[path] = item = new JsonObject();
                item[method.ToLowerInvariant()] = operations.Write(endpoint, method, description);
            }
        }

        return silent.Count == 0
            ? Members(paths)
            : throw new InvalidOperationException($"No description: {string.Join(", ", silent)}. Say .Describe(…) where the route is mapped, then run {Command}.");
    }

    private static JsonObject Members(IEnumerable<KeyValuePair<string, JsonObject>> members) =>
        new(members.Select(member => KeyValuePair.Create<string, JsonNode?>(member.Key, member.Value)));

    private static KeyValuePair<string, JsonNode?> Example(KeyValuePair<string, Problem> problem) => KeyValuePair.Create<string, JsonNode?>(
        ProblemExamples.Name(problem.Key),
        new JsonObject
        {
            ["summary"] = problem.Value.Title,
            ["value"] = JsonSerializer.SerializeToNode(problem.Value, HttpJson.Options),
        });

    private static KeyValuePair<string, JsonNode?> Header(KeyValuePair<string, (string Text, string Example)> header) => KeyValuePair.Create<string, JsonNode?>(
        header.Key,
        new JsonObject
        {
            ["description"] = header.Value.Text,
            ["schema"] = new JsonObject { ["type"] = "string" },
            ["example"] = header.Value.Example,
        });

    private static JsonObject SecuritySchemes() => new()
    {
        [ApiKey] = new JsonObject
        {
            ["type"] = "http",
            ["scheme"] = "bearer",
            ["bearerFormat"] = "msg_<id>_<secret>",
            ["description"] = "An API key with the scope `x-required-scope` of the operation (`admin` includes the others). Not needed as long as nobody has made a key.",
        },
        [StreamToken] = new JsonObject
        {
            ["type"] = "apiKey",
            ["in"] = "query",
            ["name"] = "access_token",
            ["description"] = "A token of `POST /v1/events/tokens`, for browsers, whose `EventSource` can't send an API key.",
        },
    };
}
