using System.Net.Http.Headers;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Audit;
using Messaging.Tests.Integration.Http;

namespace Messaging.Tests.Integration.Access;

/// <summary>A fixture with a producer in whose ledger there is an admin's key, so that requests need one.</summary>
[CancelAfter(60_000)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public abstract class KeyedTest
{
    protected static readonly OnBehalf Nobody = new(new Actor("cli", "a test", null));

    protected ProducerHarness Producer { get; private set; } = null!;

    protected string Admin { get; private set; } = null!;

    protected virtual string[] Settings => [];

    [OneTimeSetUp]
    public async Task StartProducer()
    {
        Producer = await ProducerHarness.StartAsync(Settings);
        Admin = (await MakeAsync(ApiScopes.Admin)).Secret;
    }

    [OneTimeTearDown]
    public async Task StopProducer() => await Producer.DisposeAsync();

    /// <summary>Makes a key, and lets the producer know.</summary>
    protected async Task<(ApiKey Key, string Secret)> MakeAsync(
        ApiScopes scopes, TimeSpan? expiresIn = null, int? rate = null, string name = "a test")
    {
        var created = await Producer.Get<KeyStore>().CreateAsync(new NewKey(name, scopes, null, expiresIn, rate), Nobody, CancellationToken.None);
        await Producer.Get<KeyCatalog>().RefreshAsync(CancellationToken.None);
        return (created.Key!, created.Secret!);
    }

    /// <summary>Sends a request with a key, or none.</summary>
    protected Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? key, string? body = null, string type = "application/json")
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        return Producer.Client.SendAsync(request);
    }
}
