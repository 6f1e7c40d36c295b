using System.Globalization;
using System.Text;

namespace Messaging.Tests.Support.Web;

/// <summary>Reads one answer of type <c>text/event-stream</c> line by line, as WHATWG HTML section 9.2.6 says.</summary>
public sealed class EventStreamReader(Stream body, string lastEventId = "") : IDisposable
{
    private readonly StreamReader _lines = new(body, new UTF8Encoding(false, throwOnInvalidBytes: true));
    private readonly List<string> _comments = [];

    /// <summary>What a reconnect would send.</summary>
    public string LastEventId { get; private set; } = lastEventId;

    /// <summary>How long the server asks to wait before a reconnect, in milliseconds.</summary>
    public int? Retry { get; private set; }

    /// <summary>The comments so far.</summary>
    public IReadOnlyList<string> Comments => _comments;

    /// <summary>Reads up to the next event; null at the end of the answer.</summary>
    public async Task<ReceivedEvent?> NextAsync(CancellationToken cancellationToken)
    {
        var (id, name, data) = (LastEventId, "message", (StringBuilder?)null);
        while (await _lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                LastEventId = id;
                if (data is not null)
                    return new ReceivedEvent(id, name, data.ToString());
                name = "message";
                continue;
            }

            if (line[0] == ':')
            {
                _comments.Add(line[1..].TrimStart());
                continue;
            }

            var (field, value) = line.Split(':', 2) is [var f, var v] ? (f, v.StartsWith(' ') ? v[1..] : v) : (line, "");
            switch (field)
            {
                case "id":
                    id = value;
                    break;
                case "event":
                    name = value;
                    break;
                case "data":
                    data = data is null ? new StringBuilder(value) : data.Append('\n').Append(value);
                    break;
                case "retry":
                    Retry = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                default:
                    throw new InvalidDataException($"'{line}' is no field of an event.");
            }
        }

        return null;
    }

    /// <summary>Reads to the end of the answer.</summary>
    public async Task<IReadOnlyList<ReceivedEvent>> RestAsync(CancellationToken cancellationToken)
    {
        var events = new List<ReceivedEvent>();
        while (await NextAsync(cancellationToken) is { } next)
            events.Add(next);
        return events;
    }

    public void Dispose() => _lines.Dispose();
}
