using System.Text.RegularExpressions;
using Messaging.Contracts.Http;
using Messaging.Producer.Access;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support.Processes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Access;

/// <summary>Every route says who may use it, in the code and in docs/access.md.</summary>
public sealed class RouteScopeTests : ProducerTest
{
    private (string Route, ApiScopes? Scope)[] Routes =>
    [
        .. Producer.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(
            endpoint => endpoint.Metadata.GetRequiredMetadata<Microsoft.AspNetCore.Routing.IHttpMethodMetadata>().HttpMethods,
            (endpoint, method) => ($"{method} {endpoint.RoutePattern.RawText}", endpoint.Metadata.GetMetadata<RequiredScope>()?.Scope)),
    ];

    [Test]
    public void Every_route_states_one_scope()
    {
        Assert.That(Routes, Has.Length.GreaterThan(25));
        Assert.That(Routes.Where(r => r.Scope is null).Select(r => r.Route), Is.Empty, "say .Needs(ApiScopes.…) where it is mapped");
        Assert.That(Routes.Where(r => r.Scope is { } scope && (scope & (scope - 1)) != 0).Select(r => r.Route), Is.Empty, "one scope each");
    }

    [Test]
    public void The_documentation_names_the_scope_of_every_route()
    {
        var documented = Regex
            .Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", "access.md")), @"^\| `((?:GET|HEAD|POST|PUT|PATCH|DELETE) /[^`]+)` \| (\w+) \|$", RegexOptions.Multiline)
            .Select(m => $"{m.Groups[1].Value}: {m.Groups[2].Value}");
        var real = Routes.Select(r => $"{r.Route}: {(r.Scope is ApiScopes.None ? "nobody" : r.Scope.ToString()!.ToLowerInvariant())}");
        Assert.That(documented, Is.EquivalentTo(real), "the table of docs/access.md");
    }
}
