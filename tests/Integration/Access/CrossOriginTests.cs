using System.Net;
using Messaging.Contracts.Http;
using Messaging.Tests.Integration.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>Pages of which other origins may use the API from a browser.</summary>
[CancelAfter(60_000)]
public sealed class CrossOriginTests
{
    private const string Friend = "https://app.example.com";
    private const string Stranger = "https://evil.example.com";

    [Test]
    public async Task Without_a_setting_no_other_origin_may()
    {
        await using var producer = await StartAsync();
        using var get = await AskAsync(producer, HttpMethod.Get, "/v1/kinds", Friend);
        using var preflight = await AskAsync(producer, HttpMethod.Options, "/v1/tasks", Friend, preflight: true);

        await ProblemAsync(get, HttpStatusCode.Forbidden, ProblemTypes.CrossSite);
        Assert.That(get.Headers.Contains("Access-Control-Allow-Origin"), Is.False);
        Assert.That(preflight.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
    }

    [Test]
    public async Task A_page_of_a_named_origin_may_and_others_may_not()
    {
        await using var producer = await StartAsync($"--Messaging:Cors:Origins:0={Friend}");
        using var preflight = await AskAsync(producer, HttpMethod.Options, "/v1/tasks", Friend, preflight: true);
        using var get = await AskAsync(producer, HttpMethod.Get, "/v1/kinds", Friend);
        using var refused = await AskAsync(producer, HttpMethod.Get, "/v1/kinds?x=1", Friend);
        using var stranger = await AskAsync(producer, HttpMethod.Get, "/v1/kinds", Stranger);
        using var strangersPreflight = await AskAsync(producer, HttpMethod.Options, "/v1/tasks", Stranger, preflight: true);
        using var withoutOrigin = await AskAsync(producer, HttpMethod.Get, "/v1/kinds", null);

        Assert.That(preflight.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(Header(preflight, "Access-Control-Allow-Origin"), Is.EqualTo(Friend));
        Assert.That(Header(preflight, "Access-Control-Allow-Headers").Split(','), Does.Contain("Authorization").And.Contain("Idempotency-Key").And.Contain("Last-Event-ID"));
        Assert.That(Header(preflight, "Access-Control-Allow-Methods"), Does.Contain("POST").And.Contain("PATCH"));
        Assert.That(preflight.Headers.Contains("Access-Control-Allow-Credentials"), Is.False);
        Assert.That(get.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(Header(get, "Access-Control-Allow-Origin"), Is.EqualTo(Friend));
        Assert.That(Header(get, "Access-Control-Expose-Headers").Split(','), Does.Contain("Location").And.Contain("ETag"));
        await ProblemAsync(refused, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(Header(refused, "Access-Control-Allow-Origin"), Is.EqualTo(Friend), "a page may read why");
        await ProblemAsync(stranger, HttpStatusCode.Forbidden, ProblemTypes.CrossSite);
        await ProblemAsync(withoutOrigin, HttpStatusCode.Forbidden, ProblemTypes.CrossSite);
        Assert.That(stranger.Headers.Contains("Access-Control-Allow-Origin"), Is.False);
        Assert.That(strangersPreflight.Headers.Contains("Access-Control-Allow-Origin"), Is.False);
    }

    [TestCase("https://app.example.com.evil.example")]
    [TestCase("https://evil-app.example.com")]
    [TestCase("https://app.example.com:8443")]
    [TestCase("http://app.example.com")]
    [TestCase("HTTPS://APP.EXAMPLE.COM")]
    [TestCase("null")]
    public async Task What_only_looks_like_a_named_origin_is_a_stranger(string origin)
    {
        await using var producer = await StartAsync($"--Messaging:Cors:Origins:0={Friend}");
        using var get = await AskAsync(producer, HttpMethod.Get, "/v1/kinds", origin);

        await ProblemAsync(get, HttpStatusCode.Forbidden, ProblemTypes.CrossSite);
        Assert.That(get.Headers.Contains("Access-Control-Allow-Origin"), Is.False);
    }

    [TestCase("*")]
    [TestCase("app.example.com")]
    [TestCase("https://app.example.com/")]
    [TestCase("ftp://app.example.com")]
    public void What_is_no_origin_is_a_wrong_setting(string origin)
    {
        var wrong = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(
            () => global::Messaging.Producer.Program.Build(["--Messaging:Postgres=Host=nowhere", "--Messaging:RabbitMq=amqp://nowhere/", $"--Messaging:Cors:Origins:0={origin}"]));
        Assert.That(wrong!.Message, Does.Contain("Messaging:Cors:Origins"));
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Single();

    /// <summary>As a browser does for a page of another site.</summary>
    private static async Task<HttpResponseMessage> AskAsync(ProducerHarness producer, HttpMethod method, string path, string? origin, bool preflight = false)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        if (preflight)
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
        }

        return await producer.Client.SendAsync(request);
    }
}
