using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Http;

namespace Messaging.Tests.Integration.Client;

/// <summary>Callbacks of tasks that the C# client submits, one or many.</summary>
public sealed class ClientCallbackTests : ProducerTest
{
    private static readonly CallbackRequest Hook = new()
    {
        Url = "https://example.com/hook?a=b",
        Events = ["task.failed", "task.expired"],
        Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    };

    [Test]
    public async Task A_callback_arrives_as_it_was_given()
    {
        using var client = Clients.Of(Producer.Address);
        var options = new SubmitOptions { Callback = Hook, IdempotencyKey = "client-callback" };
        var handle = await client.SubmitAsync(new DebugEcho("told"), options);
        var again = await client.SubmitAsync(new DebugEcho("told"), options);
        var silent = await client.SubmitAsync(new DebugEcho("silent"));

        var told = await ToldAsync(handle.Id);
        Assert.That((told!.Url, told.Endpoint, told.Secret), Is.EqualTo((Hook.Url, default(string), default(string))));
        Assert.That(told.Events, Is.EqualTo(Hook.Events));
        Assert.That(await Producer.ScalarAsync($"SELECT length(secret) FROM messaging.task_callbacks WHERE task_id = '{handle.Id}'"), Is.EqualTo(24));
        Assert.That(again.Id, Is.EqualTo(handle.Id));
        Assert.That(await ToldAsync(silent.Id), Is.Null);
    }

    [Test]
    public async Task Of_many_each_has_its_own_and_the_clients_default_where_it_says_nothing()
    {
        using var made = await Producer.PostAsync("/v1/callback-endpoints", """{"name":"client","url":"https://example.com/"}""");
        using var client = Clients.Of(Producer.Address, options => options.Defaults = new SubmitOptions { Callback = new CallbackRequest { Endpoint = "client" } });
        TaskSubmission[] tasks =
        [
            TaskSubmission.Of(new DebugEcho("default")),
            TaskSubmission.Of(new DebugEcho("own"), new SubmitOptions { Callback = Hook }),
            TaskSubmission.Of(new DebugEcho("refused"), new SubmitOptions { Callback = new CallbackRequest { Endpoint = "nobody" } }),
        ];

        var items = await client.SubmitManyAsync(tasks.ToAsyncEnumerable()).ToListAsync();

        Assert.That(items.Select(item => item.IsAccepted), Is.EqualTo(new[] { true, true, false }));
        Assert.That((await ToldAsync(items[0].Handle!.Id))!.Endpoint, Is.EqualTo("client"));
        Assert.That((await ToldAsync(items[1].Handle!.Id))!.Url, Is.EqualTo(Hook.Url));
        var refused = (ProblemException)items[2].Error!;
        Assert.That((refused.Type, refused.Errors.Single().Pointer), Is.EqualTo((ProblemTypes.UnknownCallbackEndpoint, "#/callback/endpoint")));
    }

    [Test]
    public void One_that_can_not_be_is_refused_at_its_place()
    {
        using var client = Clients.Of(Producer.Address);
        var refused = Assert.ThrowsAsync<ProblemException>(
            async () => await client.SubmitAsync(new DebugEcho("x"), new SubmitOptions { Callback = Hook with { Url = "http://127.0.0.1/" } }))!;

        Assert.That((refused.Type, refused.Errors.Single().Pointer), Is.EqualTo((ProblemTypes.InvalidValue, "#/callback/url")));
        Assert.That(refused.ToString(), Does.Not.Contain(Hook.Secret!));
    }

    private async Task<CallbackRequest?> ToldAsync(Guid id)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks/{id}/callbacks");
        return (await ProducerHarness.ReadAsync<TaskCallbacksResponse>(answer)).Callback;
    }
}
