using System.Globalization;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;

namespace Messaging.Producer.Http;

/// <summary>Reads query parameters and gathers what is wrong with them. A parameter that is not known is wrong: it may be a misspelt filter.</summary>
internal sealed class QueryReader
{
    /// <summary>No request waits longer.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>What a time is, for error messages.</summary>
    public const string TimeRule = "an RFC 3339 time with an offset, such as 2030-01-31T08:00:00Z";

    private readonly IQueryCollection _query;
    private readonly List<ProblemError> _errors = [];

    public QueryReader(IQueryCollection query, params string[] known)
    {
        _query = query;
        foreach (var (name, values) in query)
        {
            if (!known.Contains(name))
                Add(name, known.Length == 0 ? "Unknown parameter; this address has none." : $"Unknown parameter; known are {string.Join(", ", known)}.");
            else if (values.Count > 1)
                Add(name, "Given more than once.");
        }
    }

    /// <summary>Null if everything was right.</summary>
    public Problem? Problem => _errors.Count == 0 ? null : Problems.InvalidRequest(_errors);

    public string? Text(string name, Func<string, bool> allowed, string rule)
    {
        if (Value(name) is not { } text)
            return null;
        if (!allowed(text))
            Add(name, $"'{Problems.Short(text)}' is not {rule}.");
        return text;
    }

    public int Integer(string name, int least, int most, int byDefault)
    {
        if (Value(name) is not { } text)
            return byDefault;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < least || value > most)
            Add(name, $"'{Problems.Short(text)}' is not a whole number from {least} to {most}.");
        return value;
    }

    public Guid? Id(string name)
    {
        if (Value(name) is not { } text)
            return null;
        if (!Guid.TryParseExact(text, "D", out var id))
            Add(name, $"'{Problems.Short(text)}' is not a UUID.");
        return id;
    }

    /// <summary>Ids with commas between them, in their order, each once; null if the parameter is not there.</summary>
    public IReadOnlyList<Guid>? Ids(string name, int most)
    {
        if (Value(name) is not { } text)
            return null;
        var ids = new List<Guid>();
        foreach (var part in text.Split(','))
        {
            if (!Guid.TryParseExact(part, "D", out var id))
            {
                Add(name, $"'{Problems.Short(part)}' is not a UUID; give up to {most} of them with commas in between.");
                return ids;
            }

            if (!ids.Contains(id))
                ids.Add(id);
        }

        if (ids.Count > most)
            Add(name, $"It names {ids.Count} tasks; at most {most} are answered at once.");
        return ids;
    }

    /// <summary>Says that a parameter can't be had together with others.</summary>
    public void RefuseBeside(string name, string detail)
    {
        if (_query.ContainsKey(name) && _query.Count > 1)
            Add(name, detail);
    }

    public DateTimeOffset? Time(string name)
    {
        if (Value(name) is not { } text)
            return null;
        if (TryParseTime(text, out var time))
            return time;
        Add(name, $"'{Problems.Short(text)}' is not {TimeRule}.");
        return null;
    }

    /// <summary>Reads an RFC 3339 time. Without an offset it would be some machine's local time, so it must have one.</summary>
    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        time = default;
        return text.Length >= 20 && text[10] == 'T' && (text[^1] == 'Z' || text[^6] is '+' or '-')
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    public TaskState? State(string name)
    {
        if (Value(name) is not { } text)
            return null;
        foreach (var state in Enum.GetValues<TaskState>())
        {
            if (text == StateName(state))
                return state;
        }

        Add(name, $"'{Problems.Short(text)}' is not a state; states are {string.Join(", ", Enum.GetValues<TaskState>().Select(StateName))}.");
        return null;
    }

    /// <summary>How long to wait: an ISO 8601 duration or seconds, cut down to <see cref="LongestWait"/>; null if not asked for.</summary>
    public TimeSpan? Wait(string name)
    {
        if (Value(name) is not { } text)
            return null;
        if (!TryParseWait(text, out var wait))
            Add(name, $"'{Problems.Short(text)}' is not a duration such as PT10S or 10 (seconds).");
        else if (wait < TimeSpan.Zero)
            Add(name, $"'{text}' is negative.");
        return wait < LongestWait ? wait : LongestWait;
    }

    private static bool TryParseWait(string text, out TimeSpan wait)
    {
        if (Iso8601Duration.TryParse(text, out wait))
            return true;
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(text, style, CultureInfo.InvariantCulture, out var seconds) || Math.Abs(seconds) > 1_000_000_000)
            return false;
        wait = TimeSpan.FromSeconds((double)seconds);
        return true;
    }

    private string? Value(string name) => _query.TryGetValue(name, out var values) ? values[0] ?? "" : null;

    private void Add(string name, string detail) => _errors.Add(new ProblemError(detail, Parameter: Problems.Short(name)));

    private static string StateName(TaskState state) => state.ToString().ToLowerInvariant();
}
