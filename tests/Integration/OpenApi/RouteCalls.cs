using System.Net.Http.Headers;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Integration.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>For each route a request that succeeds, with what must be there before; and one that does not, where an unknown parameter is not the way.</summary>
internal static class RouteCalls
{
    private const string Echo = """{"kind":"debug.echo","input":{"message":"hi"}}""";

    /// <summary>Makes a request that succeeds.</summary>
    public static IReadOnlyDictionary<string, Func<ProducerHarness, Task<HttpRequestMessage>>> Good { get; } = new Dictionary<string, Func<ProducerHarness, Task<HttpRequestMessage>>>
    {
        ["POST /v1/tasks"] = _ => Post("/v1/tasks", Echo),
        ["POST /v1/tasks/batch"] = _ => Post("/v1/tasks/batch", $"{Echo}\n{{}}\n", "application/x-ndjson"),
        ["GET /v1/tasks"] = _ => Get("/v1/tasks?limit=1"),
        ["GET /v1/tasks/{id}"] = async p => await Get($"/v1/tasks/{await Accepted(p)}"),
        ["HEAD /v1/tasks/{id}"] = async p => await Send(HttpMethod.Head, $"/v1/tasks/{await Accepted(p)}"),
        ["GET /v1/tasks/{id}/result"] = async p => await Get($"/v1/tasks/{await Ended(p)}/result"),
        ["HEAD /v1/tasks/{id}/result"] = async p => await Send(HttpMethod.Head, $"/v1/tasks/{await Ended(p)}/result"),
        ["GET /v1/tasks/{id}/attempts"] = async p => await Get($"/v1/tasks/{await Failed(p)}/attempts"),
        ["GET /v1/tasks/{id}/explain"] = async p => await Get($"/v1/tasks/{await Accepted(p)}/explain"),
        ["GET /v1/tasks/{id}/events"] = async p => await Get($"/v1/tasks/{await Ended(p)}/events"),
        ["GET /v1/events"] = _ => Get("/v1/events?tag=nobody-has-it"),
        ["POST /v1/events/tokens"] = async p => await Post("/v1/events/tokens", $$"""{"taskId":"{{await Accepted(p)}}"}"""),
        ["POST /v1/tasks/{id}/cancel"] = async p => await Post($"/v1/tasks/{await Accepted(p)}/cancel", """{"reason":"a test"}"""),
        ["POST /v1/tasks/{id}/retry"] = async p => await Post($"/v1/tasks/{await Failed(p)}/retry", """{"input":{"message":"again"}}"""),
        ["DELETE /v1/tasks/{id}"] = async p => await Send(HttpMethod.Delete, $"/v1/tasks/{await Ended(p)}?reason=a+test"),
        ["GET /v1/dead-letters"] = p => After(Failed(p), Get("/v1/dead-letters")),
        ["GET /v1/dead-letters/groups"] = p => After(Failed(p), Get("/v1/dead-letters/groups")),
        ["POST /v1/dead-letters/{id}/discard"] = async p => await Post($"/v1/dead-letters/{await Failed(p)}/discard", """{"reason":"a test"}"""),
        ["POST /v1/operations"] = _ => Post("/v1/operations", """{"action":"retry","filter":{"kind":"debug.echo"},"dryRun":true}"""),
        ["GET /v1/operations"] = _ => Get("/v1/operations"),
        ["GET /v1/operations/{id}"] = async p => await Get($"/v1/operations/{await Operation(p)}"),
        ["POST /v1/operations/{id}/stop"] = async p => await Post($"/v1/operations/{await LongOperation(p)}/stop", """{"reason":"a test"}"""),
        ["GET /v1/tasks/{id}/callbacks"] = async p => await Get($"/v1/tasks/{await Told(p)}/callbacks"),
        ["POST /v1/tasks/{id}/callbacks/{delivery}/resend"] = async p =>
        {
            var task = await Told(p);
            return await Post($"/v1/tasks/{task}/callbacks/{await Delivery(p, task)}/resend", """{"reason":"a test"}""");
        },
        ["POST /v1/callback-endpoints"] = _ => Post("/v1/callback-endpoints", NewEndpoint()),
        ["GET /v1/callback-endpoints"] = p => After(Endpoint(p), Get("/v1/callback-endpoints")),
        ["GET /v1/callback-endpoints/{name}"] = async p => await Get($"/v1/callback-endpoints/{await Endpoint(p)}"),
        ["PATCH /v1/callback-endpoints/{name}"] = async p => await Send(
            HttpMethod.Patch,
            $"/v1/callback-endpoints/{await Endpoint(p)}?reason=a+test",
            Body("""{"url":"https://receiver.example/moved","events":null}""", "application/merge-patch+json")),
        ["DELETE /v1/callback-endpoints/{name}"] = async p => await Send(HttpMethod.Delete, $"/v1/callback-endpoints/{await Endpoint(p)}?reason=a+test"),
        ["POST /v1/callback-endpoints/{name}/rotate"] = async p => await Post($"/v1/callback-endpoints/{await Endpoint(p)}/rotate", """{"keepOldFor":"PT1H"}"""),
        ["POST /v1/callback-endpoints/{name}/disable"] = async p => await Post($"/v1/callback-endpoints/{await Endpoint(p)}/disable", """{"reason":"a test"}"""),
        ["POST /v1/callback-endpoints/{name}/enable"] = async p => await Post($"/v1/callback-endpoints/{await Endpoint(p)}/enable", """{"reason":"a test"}"""),
        ["POST /v1/callback-endpoints/{name}/test"] = async p => await Post($"/v1/callback-endpoints/{await Endpoint(p)}/test", """{"reason":"a test"}"""),
        ["GET /v1/callback-secret"] = _ => Get("/v1/callback-secret?reason=a+test"),
        ["POST /v1/callback-secret/rotate"] = _ => Post("/v1/callback-secret/rotate", """{"keepOldFor":"PT0S"}"""),
        ["GET /v1/kinds"] = _ => Get("/v1/kinds"),
        ["GET /v1/kinds/{kind}"] = _ => Get("/v1/kinds/debug.echo"),
        ["GET /v1/workers"] = _ => Get("/v1/workers"),
        ["GET /v1/ledger"] = _ => Get("/v1/ledger"),
        ["POST /v1/files"] = _ => Post("/v1/files", "a,b\n", "text/csv"),
        ["GET /v1/files"] = _ => Get("/v1/files"),
        ["GET /v1/files/{id}"] = async p => await Get($"/v1/files/{await Upload(p)}"),
        ["HEAD /v1/files/{id}"] = async p => await Send(HttpMethod.Head, $"/v1/files/{await Upload(p)}"),
        ["GET /v1/files/{id}/info"] = async p => await Get($"/v1/files/{await Upload(p)}/info"),
        ["DELETE /v1/files/{id}"] = async p => await Send(HttpMethod.Delete, $"/v1/files/{await Upload(p)}"),
        ["POST /v1/keys"] = _ => Post("/v1/keys", """{"name":"a test","scopes":["read"],"expiresIn":"P1D"}"""),
        ["GET /v1/keys"] = _ => Get("/v1/keys"),
        ["GET /v1/keys/{id}"] = async p => await Get($"/v1/keys/{await Key(p)}"),
        ["DELETE /v1/keys/{id}"] = async p => await Send(HttpMethod.Delete, $"/v1/keys/{await Key(p)}"),
        ["GET /v1/audit"] = _ => Get("/v1/audit?limit=5"),
        ["GET /health/live"] = _ => Get("/health/live"),
        ["GET /health/ready"] = _ => Get("/health/ready"),
        ["GET /openapi/v1.json"] = _ => Get("/openapi/v1.json"),
        ["HEAD /openapi/v1.json"] = _ => Send(HttpMethod.Head, "/openapi/v1.json"),
    };

    /// <summary>A request with a parameter that nobody knows; what is in braces is any id.</summary>
    public static HttpRequestMessage Bad(string route)
    {
        var (method, path) = (route.Split(' ')[0], route.Split(' ')[1]);
        var address = path.Replace("{id}", Guid.NewGuid().ToString(), StringComparison.Ordinal).Replace("{kind}", "debug.echo", StringComparison.Ordinal)
            .Replace("{name}", "nobody", StringComparison.Ordinal).Replace("{delivery}", Guid.NewGuid().ToString(), StringComparison.Ordinal);
        return new HttpRequestMessage(new HttpMethod(method), new Uri($"{address}?no-such=1", UriKind.Relative));
    }

    private static Task<HttpRequestMessage> Get(string path) => Send(HttpMethod.Get, path);

    private static Task<HttpRequestMessage> Post(string path, string body, string type = "application/json") =>
        Send(HttpMethod.Post, path, Body(body, type));

    private static StringContent Body(string body, string type) => new(body, Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };

    private static Task<HttpRequestMessage> Send(HttpMethod method, string path, HttpContent? content = null) =>
        Task.FromResult(new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content });

    private static async Task<HttpRequestMessage> After(Task before, Task<HttpRequestMessage> request)
    {
        await before;
        return await request;
    }

    private static async Task<Guid> Accepted(ProducerHarness producer) => (await producer.SubmitAsync()).Id;

    private static async Task<Guid> Ended(ProducerHarness producer)
    {
        var task = await producer.SubmitAsync();
        await producer.EndAsync(task.Id);
        return task.Id;
    }

    private static async Task<Guid> Failed(ProducerHarness producer, string more = "")
    {
        var task = await producer.SubmitAsync(more);
        await producer.EndAsync(task.Id, TaskState.Failed, null, new TaskFailure("handler-error", "It broke.", true));
        return task.Id;
    }

    private static string NewEndpoint() => $$"""{"name":"e{{Guid.NewGuid():N}}","url":"https://receiver.example/hooks"}""";

    private static async Task<string> Endpoint(ProducerHarness producer)
    {
        using var answer = await producer.PostAsync("/v1/callback-endpoints", NewEndpoint());
        return (await ReadAsync<CallbackEndpointResponse>(answer)).Name;
    }

    // Told of its end: there is a delivery, on its way.
    private static async Task<Guid> Told(ProducerHarness producer)
    {
        var task = await producer.SubmitAsync($$""","callback":{"endpoint":"{{await Endpoint(producer)}}"}""");
        await producer.EndAsync(task.Id);
        return task.Id;
    }

    private static async Task<Guid> Delivery(ProducerHarness producer, Guid task)
    {
        using var answer = await producer.Client.SendAsync(await Get($"/v1/tasks/{task}/callbacks"));
        return (await ReadAsync<TaskCallbacksResponse>(answer)).Items[0].Id;
    }

    private static async Task<Guid> Operation(ProducerHarness producer)
    {
        await Failed(producer);
        using var answer = await producer.Client.SendAsync(await Post("/v1/operations", """{"action":"retry","filter":{"kind":"no.such"},"reason":"a test"}"""));
        return (await ReadAsync<OperationResponse>(answer)).Id;
    }

    // Three tasks, one a second: it has not ended when it is stopped.
    private static async Task<Guid> LongOperation(ProducerHarness producer)
    {
        var tag = $"stop-{Guid.NewGuid():N}";
        for (var i = 0; i < 3; i++)
            await Failed(producer, $$""","tags":["{{tag}}"]""");
        using var answer = await producer.PostAsync("/v1/operations", $$"""{"action":"retry","filter":{"tag":"{{tag}}"},"ratePerSecond":1}""");
        return (await ReadAsync<OperationResponse>(answer)).Id;
    }

    private static async Task<Guid> Upload(ProducerHarness producer)
    {
        using var answer = await producer.PostAsync("/v1/files", "a,b\n", "text/csv");
        return (await ReadAsync<FileResponse>(answer)).Id;
    }

    private static async Task<string> Key(ProducerHarness producer)
    {
        using var answer = await producer.PostAsync("/v1/keys", """{"name":"a test","scopes":["read"]}""");
        return (await ReadAsync<KeyResponse>(answer)).Id;
    }
}
