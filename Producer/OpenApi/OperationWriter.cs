using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;
using Messaging.Producer.Access;

namespace Messaging.Producer.OpenApi;

/// <summary>Writes one operation of the document, and gathers the responses that several have in common.</summary>
internal sealed class OperationWriter(SchemaWriter schemas)
{
    private readonly SortedDictionary<string, JsonObject> _responses = new(StringComparer.Ordinal);

    /// <summary>The refusals that operations refer to, by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> Responses => _responses;

    /// <summary>Writes an operation.</summary>
    public JsonObject Write(RouteEndpoint endpoint, string method, Description description)
    {
        var isHead = HttpMethods.IsHead(method);
        var scope = endpoint.Metadata.GetMetadata<RequiredScope>()?.Scope ?? ApiScopes.Admin;
        var operation = new JsonObject
        {
            ["operationId"] = isHead ? $"{description.Id}Head" : description.Id,
            ["tags"] = new JsonArray(description.Tag),
            ["summary"] = isHead ? $"{description.Summary}: the header fields alone" : description.Summary,
            ["description"] = description.Text ?? description.Summary,
        };
        if (scope != ApiScopes.None)
            operation["x-required-scope"] = ApiScopeWords.Of(scope)[0];
        operation["security"] = Security(endpoint, scope);
        if (description.Parameters.Count > 0)
            operation["parameters"] = new JsonArray([.. description.Parameters.Select(Write)]);
        if (description.Body is { } body)
            operation["requestBody"] = Write(body);
        var responses = new JsonObject();
        foreach (var answers in description.Answers.GroupBy(answer => answer.Status).OrderBy(group => group.Key))
            responses[answers.Key.ToString(System.Globalization.CultureInfo.InvariantCulture)] = Write(answers.Single(), isHead, scope != ApiScopes.None);
        if (description.LineRefusals.Count > 0)
            responses["200"]!["content"]!.AsObject().Single().Value![Shape.PartProblems] = ExamplesOf(description.LineRefusals);
        foreach (var refusals in CommonRefusals.Of(endpoint, description, scope).GroupBy(refusal => refusal.Status).OrderBy(group => group.Key))
        {
            var status = refusals.Key.ToString(System.Globalization.CultureInfo.InvariantCulture);
            responses[status] ??= Refer(status, [.. refusals.Select(refusal => refusal.Type)], isHead);
        }

        responses["default"] = Refer("default", CommonRefusals.OfEverywhere, isHead);
        operation["responses"] = responses;
        if (description.Callbacks.Count > 0)
            operation["callbacks"] = WebhookWriter.Write(description.Callbacks);
        return operation;
    }

    private static JsonArray Security(RouteEndpoint endpoint, ApiScopes scope)
    {
        var security = new JsonArray();
        if (scope == ApiScopes.None)
            return security;
        security.Add(new JsonObject { [DocumentWriter.ApiKey] = new JsonArray() }); // its scope is x-required-scope: tools take scopes here for those of OAuth
        if (endpoint.Metadata.GetMetadata<TakesStreamToken>() is not null)
            security.Add(new JsonObject { [DocumentWriter.StreamToken] = new JsonArray() });
        return security;
    }

    private JsonObject Write(Parameter parameter) => new()
    {
        ["name"] = parameter.Name,
        ["in"] = parameter.In,
        ["required"] = parameter.In == "path",
        ["description"] = parameter.Text,
        ["schema"] = schemas.Of(parameter.Shape),
    };

    private JsonObject Write(Body body) => new()
    {
        ["description"] = body.Text,
        ["required"] = body.Required,
        ["content"] = Write(body.Contents),
    };

    private JsonObject Write(Answer answer, bool isHead, bool hasRate)
    {
        var response = new JsonObject { ["description"] = answer.Text };
        string[] names = hasRate ? [.. answer.Headers, .. ApiHeaders.OfRates] : [.. answer.Headers];
        if (names.Length > 0)
            response["headers"] = Headers(names);
        if (answer.Content is { } content && !isHead)
            response["content"] = Write([content]);
        if (answer.Links.Count > 0 && !isHead)
        {
            response["links"] = new JsonObject(answer.Links.Select(link => KeyValuePair.Create<string, JsonNode?>(
                link.Operation,
                new JsonObject { ["operationId"] = link.Operation, ["parameters"] = new JsonObject { [link.Parameter] = link.Expression } })));
        }

        return response;
    }

    private JsonObject Write(IEnumerable<Content> contents)
    {
        var written = new JsonObject();
        foreach (var content in contents)
        {
            var media = new JsonObject { ["schema"] = schemas.Of(content.Shape) };
            if (content.Example is { } example)
                media["example"] = JsonSerializer.SerializeToNode(example, HttpJson.Options);
            written[content.MediaType] = media;
        }

        return written;
    }

    private static JsonObject Headers(IEnumerable<string> names) =>
        new(names.Select(name => KeyValuePair.Create<string, JsonNode?>(name, new JsonObject { ["$ref"] = $"#/components/headers/{name}" })));

    /// <summary>A reference to the response of these types, which is written when it is first needed.</summary>
    private JsonObject Refer(string status, string[] types, bool isHead)
    {
        types = [.. types.Distinct().Order(StringComparer.Ordinal)];
        var name = $"{status}.{string.Join('.', types.Select(ProblemExamples.Name))}{(isHead ? ".head" : "")}";
        if (!_responses.ContainsKey(name))
        {
            string[] headers =
            [
                .. types.Any(type => ProblemExamples.All[type].RetryAfter is not null) ? [ApiHeaders.RetryAfter] : Array.Empty<string>(),
                .. types.Intersect([ProblemTypes.Unauthorized, ProblemTypes.InsufficientScope]).Any() ? [ApiHeaders.WwwAuthenticate] : Array.Empty<string>(),
                .. types.Contains(ProblemTypes.RateLimited) ? ApiHeaders.OfRates : [],
                .. types.Contains(ProblemTypes.RangeNotSatisfiable) ? [ApiHeaders.ContentRange] : Array.Empty<string>(),
            ];
            var response = new JsonObject { ["description"] = string.Join("; ", types.Select(type => $"`{ProblemExamples.Name(type)}`")) + "." };
            if (headers.Length > 0)
                response["headers"] = Headers(headers);
            if (!isHead)
                response["content"] = new JsonObject { [Problem.MediaType] = ProblemContent(types) };
            _responses[name] = response;
        }

        return new JsonObject { ["$ref"] = $"#/components/responses/{name}" };
    }

    private JsonObject ProblemContent(IEnumerable<string> types) => new()
    {
        ["schema"] = schemas.Of(Shape.Of<Problem>()),
        ["examples"] = ExamplesOf(types),
    };

    private static JsonObject ExamplesOf(IEnumerable<string> types) => new(types.Select(type => KeyValuePair.Create<string, JsonNode?>(
        ProblemExamples.Name(type), new JsonObject { ["$ref"] = $"#/components/examples/{ProblemExamples.Name(type)}" })));
}
