using System.Net;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>Idempotency keys are the installation's, whatever API key they come with (docs/decisions/0042).</summary>
public sealed class IdempotencyAcrossKeysTests : KeyedTest
{
    private static readonly string[] MembersOfTheRefusal = ["detail", "instance", "status", "taskId", "title", "traceId", "type"];

    [Test]
    public async Task The_same_request_with_the_same_idempotency_key_and_two_API_keys_makes_one_task()
    {
        var (_, shop) = await MakeAsync(ApiScopes.Submit, name: "shop");
        var (_, warehouse) = await MakeAsync(ApiScopes.Submit, name: "warehouse");
        using var first = await SendAsync(HttpMethod.Post, "/v1/tasks", shop, Request("one-of-two"));
        using var second = await SendAsync(HttpMethod.Post, "/v1/tasks", warehouse, Request("one-of-two"));

        Assert.That((first.StatusCode, second.StatusCode), Is.EqualTo((HttpStatusCode.Accepted, HttpStatusCode.Accepted)));
        Assert.That(second.Headers.Contains("Idempotent-Replayed"), Is.True);
        Assert.That((await ReadAsync<TaskResponse>(second)).Id, Is.EqualTo((await ReadAsync<TaskResponse>(first)).Id));
    }

    [Test]
    public async Task A_service_whose_API_key_was_replaced_still_finds_its_task()
    {
        var (old, before) = await MakeAsync(ApiScopes.Submit, name: "shop");
        var (_, after) = await MakeAsync(ApiScopes.Submit, name: "shop");
        using var first = await SendAsync(HttpMethod.Post, "/v1/tasks", before, Request("over-a-rotation"));
        using var revoked = await SendAsync(HttpMethod.Delete, $"/v1/keys/{old.Id}", Admin);
        using var refused = await SendAsync(HttpMethod.Post, "/v1/tasks", before, Request("over-a-rotation"));
        using var again = await SendAsync(HttpMethod.Post, "/v1/tasks", after, Request("over-a-rotation"));

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), "a replay needs a key that works");
        Assert.That((await ReadAsync<TaskResponse>(again)).Id, Is.EqualTo((await ReadAsync<TaskResponse>(first)).Id));
        Assert.That(again.Headers.Contains("Idempotent-Replayed"), Is.True);
    }

    [Test]
    public async Task Of_anothers_task_a_different_request_learns_the_id_and_nothing_else()
    {
        var (owner, shop) = await MakeAsync(ApiScopes.Submit, name: "the payroll office");
        var (_, stranger) = await MakeAsync(ApiScopes.Submit, name: "a stranger");
        var task = await ReadAsync<TaskResponse>(await SendAsync(
            HttpMethod.Post, "/v1/tasks", shop, """{"kind":"debug.echo","input":{"message":"salary of seven thousand"},"queue":"payroll","tags":["employee:jones"],"idempotencyKey":"mine"}"""));
        await Producer.EndAsync(task.Id, result: """{"message":"paid to account four"}""");
        string[] secrets = ["salary", "thousand", "payroll", "jones", "account", "succeeded", owner.Id, task.CreatedAt.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)];

        using var single = await SendAsync(HttpMethod.Post, "/v1/tasks", stranger, Request("mine"));
        using var batch = await SendAsync(HttpMethod.Post, "/v1/tasks/batch", stranger, Request("mine"), "application/x-ndjson");
        var told = (await single.Content.ReadAsStringAsync(), await batch.Content.ReadAsStringAsync());

        await ProblemAsync(single, HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyKeyReused);
        Assert.That(JsonNode.Parse(told.Item1)!.AsObject().Select(member => member.Key).Order(StringComparer.Ordinal), Is.EqualTo(MembersOfTheRefusal));
        Assert.That(told.Item2, Does.Contain(ProblemTypes.IdempotencyKeyReused));
        Assert.Multiple(() =>
        {
            foreach (var secret in secrets)
            {
                Assert.That(told.Item1, Does.Not.Contain(secret));
                Assert.That(told.Item2, Does.Not.Contain(secret));
            }

            Assert.That(single.Headers.Location, Is.Null);
        });
        foreach (var path in new[] { $"/v1/tasks/{task.Id}", $"/v1/tasks/{task.Id}/result", $"/v1/tasks/{task.Id}/events", $"/v1/tasks/{task.Id}/explain", "/v1/tasks?idempotencyKey=mine" })
        {
            using var answer = await SendAsync(HttpMethod.Get, path, stranger);
            await ProblemAsync(answer, HttpStatusCode.Forbidden, ProblemTypes.InsufficientScope);
        }
    }

    private static string Request(string key) => $$"""{"kind":"debug.echo","input":{"message":"hi"},"idempotencyKey":"{{key}}"}""";
}
