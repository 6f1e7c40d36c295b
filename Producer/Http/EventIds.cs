using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>Where a client wants to go on: the header <c>Last-Event-ID</c>, or the parameter <c>lastEventId</c> for those that can't set it.</summary>
internal static class EventIds
{
    /// <summary>The parameter.</summary>
    public const string Parameter = "lastEventId";

    private const string Header = "Last-Event-ID";

    /// <summary>True if the request comes from a client that has had events before.</summary>
    public static bool IsReconnect(HttpRequest request) => request.Headers.ContainsKey(Header);

    /// <summary>Reads an id; false if there is one that can't be read.</summary>
    public static bool TryRead<T>(HttpRequest request, TryParse<T> parse, out T? position, out Problem? problem)
        where T : struct
    {
        (position, problem) = (null, null);
        var header = request.Headers[Header].ToString();
        var text = header.Length > 0 ? header : request.Query[Parameter].ToString();
        if (text.Length == 0)
            return true;
        if (parse(text, out var read))
        {
            position = read;
            return true;
        }

        const string detail = "is no id of an event of this stream; without one the stream begins anew.";
        problem = Problems.InvalidRequest(header.Length > 0
            ? new ProblemError($"'{Problems.Short(text)}' {detail}", Header: Header)
            : new ProblemError($"'{Problems.Short(text)}' {detail}", Parameter: Parameter));
        return false;
    }

    public delegate bool TryParse<T>(string? text, out T position);
}
