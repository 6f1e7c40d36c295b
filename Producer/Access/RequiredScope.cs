using Messaging.Contracts.Http;

namespace Messaging.Producer.Access;

/// <summary>What a route needs; stated where the route is mapped. A route that states nothing needs <see cref="ApiScopes.Admin"/>.</summary>
/// <param name="Scope">One scope; <see cref="ApiScopes.None"/>: everybody may.</param>
internal sealed record RequiredScope(ApiScopes Scope);

/// <summary>States the scopes of routes.</summary>
internal static class RequiredScopes
{
    /// <summary>Only holders of a key with this scope may use the route.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder route, ApiScopes scope)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RequiredScope(scope));

    /// <summary>Everybody may use the route, without a key.</summary>
    public static TBuilder IsPublic<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.Needs(ApiScopes.None);
}
