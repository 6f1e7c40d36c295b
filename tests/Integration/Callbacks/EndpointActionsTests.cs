using System.Net;
using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Integration.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Callbacks;

/// <summary>Endpoints and secrets over HTTP, and sending once more.</summary>
public sealed class EndpointActionsTests : ProducerTest
{
    [Test]
    public async Task An_endpoint_is_registered_shown_without_its_secret_and_listed()
    {
        using var answer = await Producer.PostAsync(
            "/v1/callback-endpoints", """{"name":"orders","url":"https://example.com/orders","events":["task.failed"],"reason":"the shop"}""");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created), text);
        Assert.That(answer.Headers.Location?.ToString(), Is.EqualTo("/v1/callback-endpoints/orders"));
        Assert.That(answer.Headers.CacheControl?.NoStore, Is.True);
        var made = await ReadAsync<CallbackEndpointResponse>(answer);
        Assert.That((made.Name, made.Url, made.Events, made.DisabledAt), Is.EqualTo(("orders", "https://example.com/orders", new[] { "task.failed" }, (DateTimeOffset?)null)));
        Assert.That(CallbackSecret.TryParse(made.Secret, out var secret) && secret.Length == 32, Is.True);
        Assert.That(made.Secrets.Single(), Has.Property("ExpiresAt").Null.And.Property("Secret").Null);

        using var seen = await Producer.GetAsync("/v1/callback-endpoints/orders");
        Assert.That(await seen.Content.ReadAsStringAsync(), Does.Contain("\"orders\"").And.Not.Contain("whsec"));
        using var listed = await Producer.GetAsync("/v1/callback-endpoints?limit=1000");
        var list = await listed.Content.ReadAsStringAsync();
        Assert.That(list, Does.Contain("\"orders\"").And.Not.Contain("whsec"));
        Assert.That(
            await Producer.ScalarAsync("SELECT string_agg(a::text, ' ') FROM messaging.audit a WHERE target = 'callback-endpoint:orders'"),
            Does.Contain("callback-endpoint.create").And.Contain("the shop").And.Not.Contain("whsec"));
    }

    [Test]
    public async Task A_name_is_taken_once()
    {
        await MakeAsync("twice");
        using var again = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"twice","url":"https://example.com/other"}""");
        await ProblemAsync(again, HttpStatusCode.Conflict, ProblemTypes.CallbackEndpointExists);
    }

    [Test]
    public async Task A_secret_may_be_brought()
    {
        const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        using var answer = await Producer.PostAsync("/v1/callback-endpoints", $$"""{"name":"brought","url":"https://example.com/","secret":"{{Secret}}"}""");
        Assert.That((await ReadAsync<CallbackEndpointResponse>(answer)).Secret, Is.EqualTo(Secret));
    }

    [TestCase("""{"url":"https://example.com/"}""", "#/name", 400)]
    [TestCase("""{"name":"x"}""", "#/url", 400)]
    [TestCase("""{"name":"x","url":"https://example.com/","hook":1}""", "#/hook", 400)]
    [TestCase("""{"name":"Not A Name","url":"https://example.com/"}""", "#/name", 422)]
    [TestCase("""{"name":"x","url":"http://127.0.0.1/"}""", "#/url", 422)]
    [TestCase("""{"name":"x","url":"ftp://example.com/"}""", "#/url", 422)]
    [TestCase("""{"name":"x","url":"https://example.com/","events":["task.running"]}""", "#/events/0", 422)]
    [TestCase("""{"name":"x","url":"https://example.com/","secret":"secret"}""", "#/secret", 422)]
    public async Task What_is_wrong_is_named(string body, string at, int status)
    {
        using var answer = await Producer.PostAsync("/v1/callback-endpoints", body);
        var problem = await ProblemAsync(answer, (HttpStatusCode)status, status == 400 ? ProblemTypes.InvalidRequest : ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo(at));
    }

    [Test]
    public async Task A_rotation_shows_the_new_secret_and_keeps_the_old_for_a_while()
    {
        var made = await MakeAsync("rotated");
        using var answer = await Producer.PostAsync("/v1/callback-endpoints/rotated/rotate", """{"keepOldFor":"PT1H"}""");
        var rotated = await ReadAsync<CallbackEndpointResponse>(answer);
        Assert.That(rotated.Secret, Is.Not.Null.And.Not.EqualTo(made.Secret));
        Assert.That(rotated.Secrets, Has.Count.EqualTo(2));
        Assert.That(rotated.Secrets[0].ExpiresAt, Is.Null);
        Assert.That(rotated.Secrets[1].ExpiresAt - rotated.Secrets[0].CreatedAt, Is.EqualTo(TimeSpan.FromHours(1)).Within(TimeSpan.FromSeconds(10)));

        using var now = await Producer.PostAsync("/v1/callback-endpoints/rotated/rotate", """{"keepOldFor":"PT0S"}""");
        Assert.That((await ReadAsync<CallbackEndpointResponse>(now)).Secrets, Has.Count.EqualTo(1));
        using var tooLong = await Producer.PostAsync("/v1/callback-endpoints/rotated/rotate", """{"keepOldFor":"P91D"}""");
        Assert.That((await ProblemAsync(tooLong, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue)).Errors!.Single().Pointer, Is.EqualTo("#/keepOldFor"));
    }

    [Test]
    public async Task So_many_secrets_sign_at_a_time_and_no_more()
    {
        await MakeAsync("restless");
        for (var i = 0; i < 9; i++)
        {
            using var rotated = await Producer.PostAsync("/v1/callback-endpoints/restless/rotate", "");
            Assert.That(rotated.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        using var refused = await Producer.PostAsync("/v1/callback-endpoints/restless/rotate", "");
        await ProblemAsync(refused, HttpStatusCode.Conflict, ProblemTypes.TooManyCallbackEndpoints);
    }

    [Test]
    public async Task An_endpoint_is_disabled_enabled_and_deleted_as_often_as_somebody_likes()
    {
        await MakeAsync("changing");
        for (var i = 0; i < 2; i++)
        {
            using var disabled = await Producer.PostAsync("/v1/callback-endpoints/changing/disable", """{"reason":"maintenance"}""");
            Assert.That(await ReadAsync<CallbackEndpointResponse>(disabled), Has.Property("DisabledReason").EqualTo("operator").And.Property("DisabledAt").Not.Null);
        }

        for (var i = 0; i < 2; i++)
        {
            using var enabled = await Producer.PostAsync("/v1/callback-endpoints/changing/enable", "");
            Assert.That(await ReadAsync<CallbackEndpointResponse>(enabled), Has.Property("DisabledReason").Null.And.Property("DisabledAt").Null);
        }

        using var deleted = await Producer.Client.DeleteAsync(new Uri("/v1/callback-endpoints/changing", UriKind.Relative));
        Assert.That(deleted.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM messaging.callback_secrets WHERE endpoint = 'changing'"), Is.Zero);
        Assert.That(
            await Producer.ScalarAsync("SELECT string_agg(action, ' ' ORDER BY id) FROM messaging.audit WHERE target = 'callback-endpoint:changing'"),
            Is.EqualTo("callback-endpoint.create callback-endpoint.disable callback-endpoint.enable callback-endpoint.delete"),
            "what changed nothing is not in it");
    }

    [TestCase("GET", "")]
    [TestCase("DELETE", "")]
    [TestCase("POST", "/rotate")]
    [TestCase("POST", "/disable")]
    [TestCase("POST", "/enable")]
    [TestCase("POST", "/test")]
    public async Task An_unknown_endpoint_is_unknown(string method, string action)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"/v1/callback-endpoints/nobody{action}", UriKind.Relative));
        using var answer = await Producer.Client.SendAsync(request);
        await ProblemAsync(answer, HttpStatusCode.NotFound, ProblemTypes.UnknownCallbackEndpoint);
    }

    [Test]
    public async Task A_test_is_a_delivery_of_its_own()
    {
        await MakeAsync("tested");
        using var answer = await Producer.PostAsync("/v1/callback-endpoints/tested/test", "");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        var sent = await ReadAsync<CallbackDeliveryResponse>(answer);
        Assert.That((sent.Type, sent.Endpoint, sent.State), Is.EqualTo(("callback.test", "tested", TaskState.Queued)));
        Assert.That(answer.Headers.Location?.ToString(), Is.EqualTo($"/v1/tasks/{sent.Id}/callbacks"));
    }

    [Test]
    public async Task The_secret_of_addresses_is_shown_to_admins_and_rotates()
    {
        using var first = await Producer.GetAsync("/v1/callback-secret?reason=a+new+receiver");
        var before = (await ReadAsync<CallbackSecretsResponse>(first)).Secrets;
        Assert.That(CallbackSecret.TryParse(before[0].Secret, out var bytes) && bytes.Length == 32, Is.True);
        using var rotated = await Producer.PostAsync("/v1/callback-secret/rotate", "");
        var after = (await ReadAsync<CallbackSecretsResponse>(rotated)).Secrets;
        Assert.That(after, Has.Count.EqualTo(before.Count + 1));
        Assert.That(after[1].Secret, Is.EqualTo(before[0].Secret));
        Assert.That(after[1].ExpiresAt, Is.Not.Null);
        Assert.That(
            await Producer.ScalarAsync("SELECT count(*) FROM messaging.audit WHERE target = 'callback-secret' AND action = 'callback-secret.show' AND reason = 'a new receiver'"),
            Is.EqualTo(1));
    }

    [Test]
    public async Task What_has_ended_is_sent_anew_and_what_waits_is_sent_at_once()
    {
        var task = await Producer.SubmitAsync(""","callback":{"url":"https://example.com/"}""");
        await Producer.EndAsync(task.Id);
        var first = await OnlyAsync(task.Id);
        await Producer.ScalarAsync($"UPDATE messaging.open_tasks SET state = 0, due_at = now() + interval '1 day' WHERE id = '{first.Id}'");
        Assert.That((await OnlyAsync(task.Id)).NextAttemptAt, Is.Not.Null);

        var hurried = await ResendAsync(task.Id, first.Id);
        Assert.That(hurried.Id, Is.EqualTo(first.Id));
        // Its due time has come: it is queued by the promoter, if not yet then soon.
        Assert.That(await Producer.ScalarAsync($"SELECT coalesce(due_at <= now(), true) FROM messaging.open_tasks WHERE id = '{first.Id}'"), Is.True);

        await Producer.ScalarAsync($"UPDATE messaging.open_tasks SET state = 2, due_at = NULL WHERE id = '{first.Id}'");
        await Producer.EndAsync(first.Id, result: """{"status":200,"webhookId":"x"}""");
        var anew = await ResendAsync(task.Id, first.Id);
        Assert.That(anew.Id, Is.Not.EqualTo(first.Id));
        Assert.That(anew.WebhookId, Is.EqualTo(first.WebhookId));
        using var unknown = await Producer.PostAsync($"/v1/tasks/{task.Id}/callbacks/{task.Id}/resend", "");
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownCallback);
    }

    private async Task<CallbackEndpointResponse> MakeAsync(string name)
    {
        using var answer = await Producer.PostAsync("/v1/callback-endpoints", $$"""{"name":"{{name}}","url":"https://example.com/{{name}}"}""");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        return await ReadAsync<CallbackEndpointResponse>(answer);
    }

    private async Task<CallbackDeliveryResponse> OnlyAsync(Guid task)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks/{task}/callbacks");
        return (await ReadAsync<TaskCallbacksResponse>(answer)).Items.Single();
    }

    private async Task<CallbackDeliveryResponse> ResendAsync(Guid task, Guid delivery)
    {
        using var answer = await Producer.PostAsync($"/v1/tasks/{task}/callbacks/{delivery}/resend", """{"reason":"again"}""");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await answer.Content.ReadAsStringAsync());
        return await ReadAsync<CallbackDeliveryResponse>(answer);
    }
}
