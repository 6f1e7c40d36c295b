using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Callbacks;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>Documented answers that no other test has reason to ask for: bounds that are hardly ever reached, conditions on quiet routes.</summary>
public sealed class RareAnswersTests : ProducerTest
{
    [TestCase("/openapi/v1.json")]
    [TestCase("/v1/tasks/{ended}/result")]
    public async Task What_stands_there_is_not_what_is_expected(string path)
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id);
        using var request = new HttpRequestMessage(HttpMethod.Get, path.Replace("{ended}", $"{task.Id}", StringComparison.Ordinal));
        request.Headers.TryAddWithoutValidation("If-Match", "\"other\"");
        using var answer = await Producer.Client.SendAsync(request);

        await ProblemAsync(answer, HttpStatusCode.PreconditionFailed, ProblemTypes.PreconditionFailed);
    }

    [TestCase("/v1/tasks/{id}/cancel")]
    [TestCase("/v1/tasks/{id}/retry")]
    [TestCase("/v1/tasks/{id}/callbacks/{id}/resend")]
    [TestCase("/v1/dead-letters/{id}/discard")]
    [TestCase("/v1/operations/{id}/stop")]
    [TestCase("/v1/callback-endpoints/shop/enable")]
    [TestCase("/v1/callback-endpoints/shop/disable")]
    [TestCase("/v1/callback-endpoints/shop/test")]
    [TestCase("/v1/callback-secret/rotate")]
    public async Task A_reason_that_is_a_novel_is_refused_before_anything_is_done(string path)
    {
        using var answer = await Producer.PostAsync(path.Replace("{id}", $"{Guid.NewGuid()}", StringComparison.Ordinal), $$"""{"reason":"{{new string('x', 1_001)}}"}""");

        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo("#/reason"));
    }

    [Test]
    public async Task What_is_not_there_has_no_description_and_no_callback()
    {
        using var file = await Producer.GetAsync($"/v1/files/{Guid.NewGuid()}/info");
        await ProblemAsync(file, HttpStatusCode.NotFound, ProblemTypes.UnknownFile);
        using var task = await Producer.PostAsync($"/v1/tasks/{Guid.NewGuid()}/callbacks/{Guid.NewGuid()}/resend", "");
        await ProblemAsync(task, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
    }

    [Test]
    public async Task An_input_is_not_edited_for_a_kind_that_no_worker_has_any_more()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id, TaskState.Failed, null, new TaskFailure("smtp", "Connection refused.", false));
        await Producer.ScalarAsync($"UPDATE messaging.tasks SET kind = 'gone.kind' WHERE id = '{task.Id}'");
        using var answer = await Producer.PostAsync($"/v1/tasks/{task.Id}/retry", """{"input":{"message":"other"}}""");

        await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.UnknownKind);
        Assert.That((await Producer.FindAsync(task.Id)).State, Is.EqualTo(TaskState.Failed));
    }

    [Test]
    public async Task A_try_and_a_repetition_that_are_waited_for_answer_with_their_end()
    {
        using (var made = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"tried","url":"https://shop.example/hooks"}"""))
            Assert.That(made.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        var tried = await EndedWhileWaitedForAsync("/v1/callback-endpoints/tried/test");
        var about = tried["links"]!["task"]?.GetValue<string>() ?? $"/v1/tasks/{tried["id"]}";
        var again = await EndedWhileWaitedForAsync($"{about}/callbacks/{tried["id"]}/resend");

        Assert.That(again["id"]!.GetValue<Guid>(), Is.Not.EqualTo(tried["id"]!.GetValue<Guid>()));
    }

    [Test]
    public async Task There_may_be_so_many_endpoints_secrets_and_keys_and_no_more()
    {
        await Producer.ScalarAsync(
            $"INSERT INTO messaging.callback_endpoints (name, url, events) SELECT 'e' || n, 'https://shop.example/', 15 FROM generate_series(1, {EndpointStore.MostEndpoints}) AS n");
        using (var endpoint = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"one-more","url":"https://shop.example/hooks"}"""))
            await ProblemAsync(endpoint, HttpStatusCode.Conflict, ProblemTypes.TooManyCallbackEndpoints);
        await Producer.ScalarAsync($"DELETE FROM messaging.callback_endpoints WHERE name ~ '^e[0-9]+$'");

        HttpResponseMessage? rotated = null;
        for (var i = 0; i < EndpointStore.MostSecrets; i++)
        {
            rotated?.Dispose();
            rotated = await Producer.PostAsync("/v1/callback-secret/rotate", """{"keepOldFor":"PT1H"}""");
        }

        await ProblemAsync(rotated!, HttpStatusCode.Conflict, ProblemTypes.TooManyCallbackEndpoints);
        rotated!.Dispose();

        await using var open = await ProducerHarness.StartAsync("--Messaging:Anonymous=true");
        await open.ScalarAsync(
            $"INSERT INTO messaging.api_keys (id, scopes, hash, name) SELECT 'k' || n, 2, sha256(n::text::bytea), 'many' FROM generate_series(1, {Infrastructure.Access.KeyStore.MostKeys}) AS n");
        using var key = await open.PostAsync("/v1/keys", """{"name":"one more","scopes":["read"]}""");
        await ProblemAsync(key, HttpStatusCode.Conflict, ProblemTypes.TooManyKeys);
    }

    /// <summary>Asks with <c>Prefer: wait</c> for something that a worker does, and is the worker.</summary>
    private async Task<JsonNode> EndedWhileWaitedForAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Prefer", "wait=30");
        var asked = Producer.Client.SendAsync(request);
        var sender = (Guid)(await Eventually.GetAsync(
            _ => Producer.ScalarAsync("SELECT id FROM messaging.open_tasks WHERE queue = 'callbacks' AND state = 2"), found => found is Guid))!;
        await Producer.EndAsync(sender, result: """{"status":200,"webhookId":"msg_1"}""");
        using var answer = await asked;
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
