using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Tests.Integration.Access;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>Whoever copies a request out of the OpenAPI document is served: each of its examples is sent as it stands, with what it speaks of made before.</summary>
public sealed class RequestExampleTests : KeyedTest
{
    private const string Ndjson = "application/x-ndjson";

    /// <summary>The task that examples speak of, which nobody has.</summary>
    private const string ExampleTask = "01a1fc24-4278-79a1-af02-c94fc0685ef6";

    private static IEnumerable<(string Route, string MediaType, JsonNode Media)> Bodies => ApiDocument.Committed.Operations.SelectMany(
        o => o.Operation["requestBody"]?["content"]?.AsObject() ?? [], (o, content) => (o.Route, content.Key, content.Value!));

    private static IEnumerable<TestCaseData> Examples => Bodies.Where(body => body.Media["example"] is not null).Select(body => new TestCaseData(body.Route, body.MediaType));

    [OneTimeSetUp]
    public void SendTheKeyAlways() => Producer.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Admin);

    [Test]
    public void Every_body_but_that_of_a_file_has_an_example() =>
        Assert.That(Bodies.Where(body => body.MediaType != "*/*" && body.Media["example"] is null).Select(body => body.Route), Is.Empty);

    [TestCaseSource(nameof(Examples))]
    public async Task An_example_is_taken_as_it_stands(string route, string mediaType)
    {
        var operation = ApiDocument.Committed.Operations.Single(o => o.Route == route).Operation;
        var example = operation["requestBody"]!["content"]![mediaType]!["example"]!;
        var body = example.GetValueKind() == JsonValueKind.String ? (string)example! : example.ToJsonString();
        if (body.Contains(ExampleTask, StringComparison.Ordinal))
            body = body.Replace(ExampleTask, (await Producer.SubmitAsync()).Id.ToString(), StringComparison.Ordinal);
        using var request = await RouteCalls.Good[route](Producer);
        request.Content = new StringContent(body, Encoding.UTF8);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);

        using var answer = await Producer.Client.SendAsync(request);

        var text = await answer.Content.ReadAsStringAsync();
        Assert.That((int)answer.StatusCode, Is.InRange(200, 299), $"{body}\n{text}");
        if (answer.Content.Headers.ContentType?.MediaType == Ndjson)
        {
            // One of the lines shows what becomes of a bad one; the answer beside it says so.
            var shown = (string)operation["responses"]!["200"]!["content"]![Ndjson]!["example"]!;
            Assert.That(StatusesOf(text), Is.EqualTo(mediaType == Ndjson ? StatusesOf(shown) : [202]), text);
        }
    }

    private static int[] StatusesOf(string lines) => [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (int)JsonNode.Parse(line)!["status"]!)];
}
