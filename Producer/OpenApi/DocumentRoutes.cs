namespace Messaging.Producer.OpenApi;

/// <summary>The routes of this service that the document is about.</summary>
internal static class DocumentRoutes
{
    /// <summary>All that are mapped.</summary>
    public static IEnumerable<RouteEndpoint> Of(IEndpointRouteBuilder routes) => routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();
}
