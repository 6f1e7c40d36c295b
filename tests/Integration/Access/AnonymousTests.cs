using System.Net;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Audit;
using Messaging.Tests.Integration.Events;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>Who needs no key, and from when on keys are needed.</summary>
[CancelAfter(60_000)]
public sealed class AnonymousTests
{
    private static readonly OnBehalf Nobody = new(new Actor("cli", "a test", null));

    [Test]
    public async Task The_first_key_is_an_admins_and_ends_anonymous_access()
    {
        await using var producer = await StartAsync();
        using (var refused = await producer.PostAsync("/v1/keys", """{"name":"bot","scopes":["submit"]}"""))
        {
            var problem = await ProblemAsync(refused, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
            Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo("#/scopes"));
        }

        using (var still = await producer.GetAsync("/v1/tasks"))
            Assert.That(still.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        using (var created = await producer.PostAsync("/v1/keys", """{"name":"me","scopes":["admin"]}"""))
            Assert.That(created.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        using var now = await producer.GetAsync("/v1/tasks");
        await ProblemAsync(now, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
    }

    [Test]
    public async Task A_key_made_elsewhere_ends_anonymous_access_and_a_revoked_one_does_not_bring_it_back()
    {
        await using var producer = await StartAsync();
        var created = await producer.Get<KeyStore>().CreateAsync(new NewKey("me", ApiScopes.Admin), Nobody, CancellationToken.None);
        await UntilRefusedAsync(producer);
        await producer.Get<KeyStore>().RevokeAsync(created.Key!.Id, Nobody, CancellationToken.None);
        await producer.Get<KeyCatalog>().RefreshAsync(CancellationToken.None);

        using var answer = await producer.GetAsync("/v1/tasks");
        await ProblemAsync(answer, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
    }

    [Test]
    public async Task With_anonymous_access_switched_on_keys_are_not_needed_but_must_be_right()
    {
        await using var producer = await StartAsync("--Messaging:Anonymous=true");
        await producer.Get<KeyStore>().CreateAsync(new NewKey("me", ApiScopes.Admin), Nobody, CancellationToken.None);
        await producer.Get<KeyCatalog>().RefreshAsync(CancellationToken.None);
        using var without = await producer.GetAsync("/v1/tasks");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative)) { Headers = { Authorization = new("Bearer", "nonsense") } };
        using var wrong = await producer.Client.SendAsync(request);

        Assert.That(without.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await ProblemAsync(wrong, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
    }

    [Test]
    public async Task With_anonymous_access_switched_on_the_names_that_it_may_be_called_by_can_be_told()
    {
        await using var producer = await StartAsync("--Messaging:Anonymous=true", "--AllowedHosts=localhost;127.0.0.1;producer");
        Assert.That(await AskAsync("producer:8080"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await AskAsync("evil.example"), Is.EqualTo(HttpStatusCode.BadRequest));

        async Task<HttpStatusCode> AskAsync(string host)
        {
            using var client = new HttpClient { BaseAddress = producer.Address };
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative)) { Headers = { Host = host } };
            using var answer = await client.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Test]
    public async Task A_stream_that_was_opened_without_a_key_ends_when_keys_are_needed(CancellationToken cancellationToken)
    {
        await using var producer = await StartAsync();
        using var stream = await producer.OpenAsync("/v1/events?tag=nobody-has-it", cancellationToken: cancellationToken);
        await producer.Get<KeyStore>().CreateAsync(new NewKey("me", ApiScopes.Admin), Nobody, cancellationToken);

        Assert.That(await stream.NextAsync(cancellationToken), Is.Null);
        Assert.That(stream.Comments, Is.EqualTo(["the key works no more"]));
    }

    [TestCase("Sec-Fetch-Site", "cross-site")]
    [TestCase("Sec-Fetch-Site", "same-site")]
    [TestCase("Host", "evil.example")]
    public async Task A_page_of_another_site_may_do_nothing(string header, string value)
    {
        await using var producer = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative));
        request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await producer.Client.SendAsync(request);
        await ProblemAsync(answer, HttpStatusCode.Forbidden, ProblemTypes.CrossSite);
    }

    [TestCase("localhost")]
    [TestCase("127.0.0.1")]
    [TestCase("[::1]")]
    public async Task This_machine_by_any_of_its_names_may(string host)
    {
        await using var producer = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative)) { Headers = { Host = host } };
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        using var answer = await producer.Client.SendAsync(request);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task With_a_key_in_the_ledger_any_address_is_listened_on_and_a_key_is_needed_there(CancellationToken cancellationToken)
    {
        await using var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync, cancellationToken);
        string key;
        await using (var producer = await StartOnAsync(database.ConnectionString, null))
            key = (await producer.Get<KeyStore>().CreateAsync(new NewKey("me", ApiScopes.Admin), Nobody, cancellationToken)).Secret!;

        await using var everywhere = await StartOnAsync(database.ConnectionString, null, "--urls=http://0.0.0.0:0");
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{everywhere.Address.Port}") };
        using var without = await client.GetAsync(new Uri("/v1/tasks", UriKind.Relative), cancellationToken);
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var with = await client.GetAsync(new Uri("/v1/tasks", UriKind.Relative), cancellationToken);

        Assert.That((without.StatusCode, with.StatusCode), Is.EqualTo((HttpStatusCode.Unauthorized, HttpStatusCode.OK)));
    }

    [Test]
    public async Task Started_without_the_ledger_on_any_address_it_ends_when_the_ledger_turns_out_to_have_no_key(CancellationToken cancellationToken)
    {
        await using var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync, cancellationToken);
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = new TcpProxy(server.Port);
        proxy.Refuse();
        server.Port = proxy.Port;
        await using var app = global::Messaging.Producer.Program.Build(
            ["--urls=http://0.0.0.0:0", $"--Messaging:Postgres={server.ConnectionString}", "--Messaging:RabbitMq=amqp://nobody:nothing@127.0.0.1:1/"]);
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient();
        using var early = await client.GetAsync(new Uri(app.Urls.Single().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal) + "/v1/tasks"), cancellationToken);
        Assert.That(early.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));

        proxy.Resume();
        var parts = app.Services.GetRequiredService<global::Messaging.Producer.StartBehindServer>();
        await parts.Starting.WaitAsync(cancellationToken);
        Assert.That(parts.Failure?.Message, Does.Contain("Refusing to listen on 0.0.0.0").And.Contain("keys create"));
        await app.StopAsync(cancellationToken);
    }

    private static Task<HttpStatusCode> UntilRefusedAsync(ProducerHarness producer) => Eventually.GetAsync(
        async _ =>
        {
            using var answer = await producer.GetAsync("/v1/tasks");
            return answer.StatusCode;
        },
        status => status == HttpStatusCode.Unauthorized);
}
