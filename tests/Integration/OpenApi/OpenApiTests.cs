using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Producer.Access;
using Messaging.Producer.OpenApi;
using Messaging.Tests.Integration.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>The OpenAPI document is whole, is what the routes say, is what is served, and is what the code does.</summary>
public sealed class OpenApiTests : ProducerTest
{
    private static readonly ApiDocument Document = ApiDocument.Committed;

    private RouteEndpoint[] Endpoints => [.. Producer.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    private IEnumerable<(string Route, RouteEndpoint Endpoint)> Routes => Endpoints.SelectMany(
        endpoint => endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods, (endpoint, method) => ($"{method} {endpoint.RoutePattern.RawText}", endpoint));

    [Test]
    public void The_committed_document_is_what_the_routes_say() =>
        Assert.That(
            DocumentWriter.Write(Endpoints),
            Is.EqualTo(File.ReadAllText(ApiDocument.Path)),
            $"Producer/openapi.json is not what the routes say of themselves. Run {DocumentWriter.Command}, look at the difference, commit it.");

    [Test]
    public async Task The_committed_document_is_served()
    {
        using var answer = await Producer.GetAsync("/openapi/v1.json");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/json"));
        Assert.That(await answer.Content.ReadAsByteArrayAsync(), Is.EqualTo(await File.ReadAllBytesAsync(ApiDocument.Path)), $"built before {DocumentWriter.Command} was run?");
        using var again = new HttpRequestMessage(HttpMethod.Get, new Uri("/openapi/v1.json", UriKind.Relative));
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await Producer.Client.SendAsync(again);
        Assert.That(unchanged.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
    }

    [Test]
    public void Every_route_is_in_the_document_with_its_scope()
    {
        var documented = Document.Operations.Select(o => $"{o.Route}: {(string?)o.Operation["x-required-scope"] ?? "nobody"}");
        var real = Routes.Select(r => $"{r.Route}: {ScopeOf(r.Endpoint) ?? "nobody"}");
        Assert.That(documented, Is.EquivalentTo(real), $"say .Describe(…) where the route is mapped, then run {DocumentWriter.Command}");
        Assert.That(
            Document.Operations.Where(o => (o.Operation["x-required-scope"] is null) != (o.Operation["security"]!.AsArray().Count == 0)).Select(o => o.Route), Is.Empty);
    }

    [Test]
    public void Every_problem_type_has_an_example_that_some_operation_answers_with()
    {
        var types = typeof(ProblemTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => ProblemExamples.Name((string)f.GetRawConstantValue()!)).ToArray();
        var examples = Document.Root["components"]!["examples"]!.AsObject();
        var used = Document.Root["components"]!["responses"]!.AsObject()
            .SelectMany(response => response.Value!["content"]?[Problem.MediaType]?["examples"]?.AsObject().Select(example => example.Key) ?? [])
            .Concat(Contents().SelectMany(content => content.Media["x-part-problems"]?.AsObject().Select(example => example.Key) ?? []));

        Assert.That(examples.Select(e => e.Key), Is.EquivalentTo(types), "ProblemExamples has one of each");
        Assert.That(used.Distinct(), Is.EquivalentTo(types), "some route says .Refuses(…)");
        foreach (var (name, example) in examples)
            Assert.That((string?)example!["value"]!["type"], Is.EqualTo(ProblemExamples.Prefix + name));
    }

    [Test]
    public void Every_example_fits_its_schema()
    {
        Assert.Multiple(() =>
        {
            foreach (var (name, example) in Document.Root["components"]!["examples"]!.AsObject())
                Assert.That(SchemaCheck.Check(Document, Document.Root["components"]!["schemas"]!["Problem"]!, example!["value"]), Is.Empty, name);
            foreach (var (place, media) in Contents().Where(content => content.Media["example"] is not null))
            {
                var (schema, example) = (media["schema"]!, media["example"]!);
                var part = Document.Follow(schema)["x-part-schema"];
                var wrong = part is null || place.Contains("event-stream", StringComparison.Ordinal)
                    ? SchemaCheck.Check(Document, schema, example)
                    : ((string)example!).Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(line => SchemaCheck.Check(Document, part, JsonNode.Parse(line)));
                Assert.That(wrong, Is.Empty, place);
            }
        });
    }

    [Test]
    public async Task Every_operation_names_the_parameters_that_it_knows_and_no_others()
    {
        foreach (var (route, operation) in Document.Operations.Where(o => o.Operation["x-required-scope"] is not null))
        {
            var (method, path) = (route.Split(' ')[0], route.Split(' ')[1]);
            using var request = RouteCalls.Bad(method == "HEAD" ? $"GET {path}" : route);
            using var answer = await Producer.Client.SendAsync(request);

            var problem = await ProducerHarness.ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
            var error = problem.Errors!.Single(e => e.Parameter == "no-such");
            var known = Regex.Match(error.Detail, @"known are (.+)\.$") is { Success: true } match ? match.Groups[1].Value.Split(", ") : [];
            var documented = Parameters(operation).Where(p => p.In == "query").Select(p => p.Name);
            Assert.That(documented, Is.EquivalentTo(known), route);
            Assert.That(Parameters(operation).Where(p => p.In == "path").Select(p => p.Name), Is.EquivalentTo(Regex.Matches(path, @"\{(\w+)\}").Select(m => m.Groups[1].Value)), route);
        }
    }

    [TestCase("POST /v1/tasks/{id}/cancel")]
    [TestCase("POST /v1/tasks/{id}/retry")]
    [TestCase("POST /v1/dead-letters/{id}/discard")]
    [TestCase("POST /v1/operations")]
    [TestCase("POST /v1/operations/{id}/stop")]
    [TestCase("POST /v1/keys")]
    [TestCase("POST /v1/events/tokens")]
    [TestCase("POST /v1/callback-endpoints")]
    [TestCase("PATCH /v1/callback-endpoints/{name}")]
    [TestCase("POST /v1/callback-endpoints/{name}/rotate")]
    [TestCase("POST /v1/callback-endpoints/{name}/disable")]
    [TestCase("POST /v1/callback-secret/rotate")]
    [TestCase("POST /v1/tasks")]
    public async Task Every_body_has_the_members_that_are_read_and_no_others(string route)
    {
        var operation = Document.Operations.Single(o => o.Route == route).Operation;
        var schema = Document.Follow(operation["requestBody"]!["content"]!["application/json"]!["schema"]!);
        var path = route.Split(' ')[1].Replace("{id}", Guid.NewGuid().ToString(), StringComparison.Ordinal).Replace("{name}", "nobody", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(route.Split(' ')[0]), new Uri(path, UriKind.Relative));
        request.Content = new StringContent("""{"qqqqqqqqqqqqqqqq":1}""", new MediaTypeHeaderValue("application/json"));
        using var answer = await Producer.Client.SendAsync(request);

        var problem = await ProducerHarness.ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        var detail = problem.Errors!.Single(e => e.Pointer == "#/qqqqqqqqqqqqqqqq").Detail;
        Assert.That(schema["properties"]!.AsObject().Select(p => p.Key), Is.EquivalentTo(Regex.Match(detail, @"known are (.+)\.$").Groups[1].Value.Split(", ")), detail);
        Assert.That((bool?)schema["additionalProperties"], Is.False);
    }

    [Test]
    public void Every_operation_has_an_id_of_its_own_and_links_lead_to_operations()
    {
        var ids = Document.Operations.Select(o => (string)o.Operation["operationId"]!).ToArray();
        var links = Document.Operations
            .SelectMany(o => o.Operation["responses"]!.AsObject())
            .SelectMany(response => response.Value!["links"]?.AsObject().Select(link => (string)link.Value!["operationId"]!) ?? [])
            .ToArray();

        Assert.That(ids, Is.Unique);
        Assert.That(links.Distinct(), Is.Not.Empty.And.SubsetOf(ids));
        Assert.That(Document.Operations.Where(o => o.Operation["responses"]!["201"] is { } made && made["headers"]?["Location"] is not null && made["links"] is null).Select(o => o.Route), Is.Empty);
    }

    [TestCase("POST /v1/tasks", "taskEnded", "{$request.body#/callback/url}")]
    [TestCase("POST /v1/tasks/batch", "taskEnded", "{$request.body#/callback/url}")]
    [TestCase("POST /v1/callback-endpoints", "taskEnded", "{$request.body#/url}")]
    [TestCase("POST /v1/callback-endpoints", "callbackTest", "{$request.body#/url}")]
    public void An_operation_that_brings_a_receiver_has_what_the_receiver_is_sent(string route, string name, string address)
    {
        var callback = Document.Operations.Single(o => o.Route == route).Operation["callbacks"]![name]![address]!;

        Assert.That(Document.Follow(callback), Is.SameAs(Document.Root["webhooks"]![name]));
    }

    [TestCase("taskEnded", "CallbackMessage", "task.succeeded")]
    [TestCase("callbackTest", "CallbackTestMessage", CallbackEventNames.Test)]
    public void What_receivers_are_sent_is_described(string name, string schema, string type)
    {
        var request = Document.Root["webhooks"]![name]!["post"]!;
        var media = request["requestBody"]!["content"]!["application/json"]!;

        Assert.That((string?)media["schema"]!["$ref"], Is.EqualTo($"#/components/schemas/{schema}"));
        Assert.That((string?)media["example"]!["type"], Is.EqualTo(type));
        Assert.That(media["example"]!["data"]!["input"], Is.Null, "inputs are not sent");
        Assert.That(SchemaCheck.Check(Document, media["schema"]!, media["example"]), Is.Empty);
        Assert.That(
            request["parameters"]!.AsArray().Select(p => (string)p!["name"]!),
            Is.EqualTo(new[] { CallbackSignature.IdHeader, CallbackSignature.TimestampHeader, CallbackSignature.SignatureHeader }));
    }

    private static string? ScopeOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<RequiredScope>()?.Scope is { } scope and not ApiScopes.None ? ApiScopeWords.Of(scope)[0] : null;

    private static IEnumerable<(string Name, string In)> Parameters(JsonObject operation) =>
        operation["parameters"]?.AsArray().Select(p => ((string)p!["name"]!, (string)p["in"]!)) ?? [];

    private static IEnumerable<(string Place, JsonNode Media)> Contents() => Document.Operations.SelectMany(o =>
        o.Operation["responses"]!.AsObject().Select(r => ($"{o.Route} {r.Key}", r.Value!["content"]))
            .Append(($"{o.Route} body", o.Operation["requestBody"]?["content"])))
        .Where(place => place.Item2 is not null)
        .SelectMany(place => place.Item2!.AsObject(), (place, media) => ($"{place.Item1} {media.Key}", media.Value!));
}
