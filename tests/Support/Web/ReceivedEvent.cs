using System.Text.Json.Nodes;

namespace Messaging.Tests.Support.Web;

/// <summary>An event as a client of server-sent events gets it.</summary>
/// <param name="Id">The last event id at that moment.</param>
/// <param name="Name">Its type.</param>
/// <param name="Data">Its data, the lines joined.</param>
public sealed record ReceivedEvent(string Id, string Name, string Data)
{
    /// <summary>The data as JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Data)!;
}
