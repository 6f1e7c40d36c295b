using System.Net;
using System.Net.Http.Headers;
using Messaging.Contracts.Http;
using Messaging.Tests.Integration.Access;
using Messaging.Tests.Integration.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>Each route once with success, with bad input, without a key and with too small a key; each answer is held against the OpenAPI document.</summary>
public sealed class EveryRouteTests : KeyedTest
{
    private static IEnumerable<string> Routes => RouteCalls.Good.Keys;

    // Those that read no parameters because nobody is to be kept from them.
    private static IEnumerable<string> RoutesThatRefuse => Routes.Where(route => !route.Contains("/health/", StringComparison.Ordinal) && !route.Contains("/openapi/", StringComparison.Ordinal));

    [OneTimeSetUp]
    public void SendTheKeyAlways() => Producer.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Admin);

    [Test]
    public void There_is_a_call_of_every_route()
    {
        var mapped = Producer.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(e => e.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods, (e, method) => $"{method} {e.RoutePattern.RawText}");
        Assert.That(Routes, Is.EquivalentTo(mapped), "RouteCalls.Good has a request for each route that succeeds");
    }

    [TestCaseSource(nameof(Routes))]
    public async Task A_good_request_succeeds(string route)
    {
        using var request = await RouteCalls.Good[route](Producer);
        using var answer = await Producer.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.That((int)answer.StatusCode, Is.InRange(200, 299), route);
        Assert.That(ApiDocument.Committed.Find(route.Split(' ')[0], request.RequestUri!.AbsolutePath)?.Route, Is.EqualTo(route));
    }

    [TestCaseSource(nameof(RoutesThatRefuse))]
    public async Task A_bad_request_is_refused(string route)
    {
        using var answer = await Producer.Client.SendAsync(RouteCalls.Bad(route));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest), route);
        if (!route.StartsWith("HEAD", StringComparison.Ordinal))
            await ProducerHarness.ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    [TestCaseSource(nameof(Routes))]
    public async Task A_request_needs_a_key_with_the_scope_of_its_route(string route)
    {
        var operation = ApiDocument.Committed.Operations.Single(o => o.Route == route).Operation;
        using var anonymous = new HttpClient { BaseAddress = Producer.Address };
        using var request = await RouteCalls.Good[route](Producer);
        using var answer = await anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if ((string?)operation["x-required-scope"] is not { } word)
        {
            Assert.That((int)answer.StatusCode, Is.InRange(200, 299), route);
            return;
        }

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), route);
        Assert.That(ApiScopeWords.TryParse(word, out var needed), Is.True);
        var (_, small) = await MakeAsync((ApiScopes.Submit | ApiScopes.Read | ApiScopes.Operate) & ~needed);
        var (_, right) = await MakeAsync(needed);
        Assert.That(await StatusAsync(route, small), Is.EqualTo(HttpStatusCode.Forbidden), route);
        Assert.That((int)await StatusAsync(route, right), Is.InRange(200, 299), route);
    }

    private async Task<HttpStatusCode> StatusAsync(string route, string key)
    {
        using var request = await RouteCalls.Good[route](Producer);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await Producer.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }
}
