using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;

namespace Messaging.Producer.Http;

/// <summary>
/// Reads one task out of its JSON in a single pass. The input is not parsed but cut out, byte by byte as it was sent.
/// Everything that is wrong with the other members is gathered, so that a client need not mend one after the other.
/// </summary>
internal ref struct SubmitTaskReader
{
    private static readonly string[] Members = ["kind", "input", "queue", "delay", "runAt", "timeout", "deadline", "maxAttempts", "tags", "idempotencyKey", "callback"];
    private static readonly string[] LaterMembers = ["priority", "key", "dependsOn"];

    private const string NotBuilt = "This version can't do it yet, so it is refused rather than ignored.";

    // The input's own depth is judged with the input: one level for the task around it, one to notice.
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = InputSchema.MaxDepth + 2 };

    private readonly ReadOnlyMemory<byte> _json;
    private Utf8JsonReader _reader;
    private List<ProblemError>? _wrongShape;
    private List<ProblemError>? _notBuilt;
    private List<ProblemError>? _wrongValue;
    private readonly bool _withId;
    private int _seen;
    private bool _hasId;
    private string? _id;

    private string? _kind;
    private ReadOnlyMemory<byte> _input;
    private string? _queue;
    private TimeSpan? _delay;
    private DateTimeOffset? _runAt;
    private TimeSpan? _timeout;
    private DateTimeOffset? _deadline;
    private int? _maxAttempts;
    private List<string>? _tags;
    private string? _idempotencyKey;
    private CallbackRequest? _callback;

    private SubmitTaskReader(ReadOnlyMemory<byte> json, bool withId)
    {
        _withId = withId;
        _json = json;
        _reader = new Utf8JsonReader(json.Span, ReaderOptions);
    }

    /// <summary>Reads a task; the request's input is a part of <paramref name="json"/>.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out SubmitTaskRequest? request, [NotNullWhen(false)] out Problem? problem) =>
        TryRead(json, withId: false, out request, out problem);

    /// <summary>Reads a task as it comes by AMQP: with the member <c>id</c>, which is its idempotency key.</summary>
    public static bool TryReadWithId(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out SubmitTaskRequest? request, [NotNullWhen(false)] out Problem? problem) =>
        TryRead(json, withId: true, out request, out problem);

    private static bool TryRead(
        ReadOnlyMemory<byte> json, bool withId, [NotNullWhen(true)] out SubmitTaskRequest? request, [NotNullWhen(false)] out Problem? problem)
    {
        request = null;
        if (MalformedJson.OfEncoding(json.Span) is { } encoding)
        {
            problem = Problems.Malformed(encoding);
            return false;
        }

        var reader = new SubmitTaskReader(json, withId);
        try
        {
            reader.ReadTask();
        }
        catch (JsonException e)
        {
            problem = Problems.Malformed(MalformedJson.From(e));
            return false;
        }

        problem = reader._wrongShape is { } shape ? Problems.InvalidRequest(shape)
            : reader._notBuilt is { } later ? Problems.NotBuiltYet(later)
            : reader._wrongValue is { } value ? Problems.InvalidValue(value)
            : null;
        if (problem is not null)
            return false;
        request = reader.Request();
        return true;
    }

    private readonly SubmitTaskRequest Request() => new()
    {
        Kind = _kind!,
        Input = new RawJson(_input),
        Queue = _queue,
        Delay = _delay,
        RunAt = _runAt,
        Timeout = _timeout,
        Deadline = _deadline,
        MaxAttempts = _maxAttempts,
        Tags = _tags,
        IdempotencyKey = _id ?? _idempotencyKey,
        Callback = _callback,
    };

    private void ReadTask()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            _reader.Skip();
            WrongShape("", $"A task is an object, not {TypeName()}.");
        }
        else
        {
            while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
                ReadMember();
            if ((_seen & Bit("kind")) == 0)
                WrongShape("kind", "Missing: every task has a kind.");
            if ((_seen & Bit("input")) == 0)
                WrongShape("input", "Missing: every task has an input; {} if its kind needs none.");
            if (_withId)
                CheckId();
        }

        // Throws if something follows.
        _reader.Read();
    }

    private void ReadMember()
    {
        if (_reader.ValueTextEquals("kind"u8) && First("kind"))
            _kind = ReadText("kind");
        else if (_reader.ValueTextEquals("input"u8) && First("input"))
            _input = ReadRaw();
        else if (_reader.ValueTextEquals("queue"u8) && First("queue"))
            _queue = ReadText("queue");
        else if (_reader.ValueTextEquals("delay"u8) && First("delay"))
            _delay = ReadDuration("delay");
        else if (_reader.ValueTextEquals("runAt"u8) && First("runAt"))
            _runAt = ReadTime("runAt");
        else if (_reader.ValueTextEquals("timeout"u8) && First("timeout"))
            _timeout = ReadDuration("timeout");
        else if (_reader.ValueTextEquals("deadline"u8) && First("deadline"))
            _deadline = ReadTime("deadline");
        else if (_reader.ValueTextEquals("maxAttempts"u8) && First("maxAttempts"))
            _maxAttempts = ReadInteger("maxAttempts");
        else if (_reader.ValueTextEquals("tags"u8) && First("tags"))
            ReadTags();
        else if (_reader.ValueTextEquals("idempotencyKey"u8) && First("idempotencyKey"))
            _idempotencyKey = ReadText("idempotencyKey");
        else if (_reader.ValueTextEquals("callback"u8) && First("callback"))
            _callback = CallbackReader.Read(ReadRaw(), ref _wrongShape, ref _wrongValue);
        else if (_withId && _reader.ValueTextEquals("id"u8))
            ReadId();
        else
            RefuseMember();
    }

    private void ReadId()
    {
        if (_hasId)
        {
            SkipValue();
            WrongShape("id", "Given more than once.");
            return;
        }

        _hasId = true;
        _id = ReadText("id");
        if (_id is not null && !Names.IsIdempotencyKey(_id))
            WrongValue("id", $"It is not {Names.IdempotencyKeyRule}.");
    }

    private void CheckId()
    {
        if (!_hasId)
            WrongShape("id", "Missing: a message has an id of its sender's, which tells a repetition from another task.");
        else if (_id is not null && _idempotencyKey is not null && _id != _idempotencyKey)
            WrongShape("idempotencyKey", "It is not the id, which is the idempotency key of a message; leave it out.");
    }

    private bool First(string member)
    {
        var bit = Bit(member);
        var first = (_seen & bit) == 0;
        _seen |= bit;
        return first;
    }

    private void RefuseMember()
    {
        var name = Text() ?? "";
        SkipValue();
        if (Members.Contains(name))
        {
            WrongShape(name, "Given more than once.");
        }
        else if (LaterMembers.Contains(name))
        {
            (_notBuilt ??= []).Add(new ProblemError(NotBuilt, Pointer(name)));
        }
        else
        {
            var nearest = NearestNames.Find(name, [.. Members, .. LaterMembers], most: 1);
            WrongShape(Escaped(Problems.Short(name)), nearest is [var meant] ? $"Unknown member; did you mean '{meant}'?" : $"Unknown member; known are {string.Join(", ", Members)}.");
        }
    }

    private string? ReadText(string member)
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.String)
            return WrongType<string?>(member, "a string");
        if (Text() is { } text)
            return text;
        WrongValue(member, "Half a surrogate pair is no character.");
        return null;
    }

    private TimeSpan? ReadDuration(string member)
    {
        if (ReadText(member) is not { } text)
            return null;
        if (Iso8601Duration.TryParse(text, out var value))
            return value;
        WrongValue(member, $"'{Problems.Short(text)}' is not an ISO 8601 duration such as PT30S.");
        return null;
    }

    private DateTimeOffset? ReadTime(string member)
    {
        if (ReadText(member) is not { } text)
            return null;
        // Without an offset it would be some machine's local time.
        if (text is { Length: >= 20 } && text[10] is 'T' && (text[^1] == 'Z' || text[^6] is '+' or '-') && _reader.TryGetDateTimeOffset(out var value))
            return value.ToUniversalTime();
        WrongValue(member, $"'{Problems.Short(text)}' is not an RFC 3339 time with an offset, such as 2030-01-31T08:00:00Z.");
        return null;
    }

    private int? ReadInteger(string member)
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.Number)
            return WrongType<int?>(member, "a whole number");
        if (_reader.TryGetInt32(out var value))
            return value;
        WrongValue(member, "It is not a whole number, or too large.");
        return null;
    }

    private void ReadTags()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            WrongType<object?>("tags", "an array of strings");
            return;
        }

        _tags = [];
        for (var i = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (_reader.TokenType != JsonTokenType.String)
                WrongType<object?>($"tags/{i}", "a string");
            else if (_tags.Count > SubmitTaskRequest.MaxTags)
                continue;
            else if (Text() is { } tag)
                _tags.Add(tag);
            else
                WrongValue($"tags/{i}", "Half a surrogate pair is no character.");
        }
    }

    private ReadOnlyMemory<byte> ReadRaw()
    {
        _reader.Read();
        var start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        return _json[start..(int)_reader.BytesConsumed];
    }

    private void SkipValue()
    {
        _reader.Read();
        _reader.Skip();
    }

    /// <summary>The string or name at the reader; null if it holds half a surrogate pair, which the reader can't decode.</summary>
    private readonly string? Text()
    {
        try
        {
            return _reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private T? WrongType<T>(string member, string expected)
    {
        WrongShape(member, $"It must be {expected}, not {TypeName()}.");
        _reader.Skip();
        return default;
    }

    private readonly string TypeName() => _reader.TokenType switch
    {
        JsonTokenType.StartObject or JsonTokenType.EndObject => "an object",
        JsonTokenType.StartArray or JsonTokenType.EndArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };

    private void WrongShape(string member, string detail) => (_wrongShape ??= []).Add(new ProblemError(detail, Pointer(member)));

    private void WrongValue(string member, string detail) => (_wrongValue ??= []).Add(new ProblemError(detail, Pointer(member)));

    private static string Pointer(string member) => member.Length == 0 ? "#" : "#/" + member;

    private static string Escaped(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static int Bit(string member) => 1 << Array.IndexOf(Members, member);
}
