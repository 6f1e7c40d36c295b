namespace Messaging.Producer.Access;

/// <summary>Marks a route that a stream token opens, too.</summary>
internal sealed record TakesStreamToken;

/// <summary>Marks routes.</summary>
internal static class StreamTokenRoutes
{
    /// <summary>A stream token opens the route, too.</summary>
    public static RouteHandlerBuilder TakesStreamToken(this RouteHandlerBuilder route) => route.WithMetadata(new TakesStreamToken());
}
