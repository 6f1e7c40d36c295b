using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /openapi/v1.json</c>: this API as an OpenAPI 3.1 document, the committed <c>Producer/openapi.json</c>. For everybody: it is public with
/// the source, and tools that read it have no key.
/// </summary>
internal static class GetOpenApi
{
    private static readonly Lazy<ReadOnlyMemory<byte>> Document = new(Read);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/openapi/v1.json", EntityResult.Methods, Handle).AnswersJson().IsPublic()
        .Describe("getOpenApi", ApiTags.Service, "Get this document", o => o
            .Conditions()
            .Gives(200, "The document.", new Content("application/json", new Shape("""{"type":"object"}""")), ApiHeaders.ETag)
            .Gives(304, "The document is as `If-None-Match` says.", null, ApiHeaders.ETag));

    private static EntityResult Handle() => new(Document.Value);

    private static ReadOnlyMemory<byte> Read()
    {
        using var stream = typeof(GetOpenApi).Assembly.GetManifestResourceStream("openapi.json")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
