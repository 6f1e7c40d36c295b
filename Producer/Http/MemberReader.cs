using System.Runtime.InteropServices;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;

namespace Messaging.Producer.Http;

/// <summary>
/// Reads the small bodies of rare actions member by member and gathers what is wrong with them. An unknown member is wrong: it may be a
/// misspelt filter. (Tasks, of which there are many, have a reader of their own: <see cref="SubmitTaskReader"/>.)
/// </summary>
internal sealed class MemberReader : IDisposable
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = InputSchema.MaxDepth + 2 };

    private readonly JsonDocument _document;
    private readonly List<ProblemError> _wrongShape = [];
    private readonly List<ProblemError> _wrongValue = [];

    private MemberReader(JsonDocument document) => _document = document;

    /// <summary>What is wrong so far; null if nothing.</summary>
    public Problem? Problem =>
        _wrongShape.Count > 0 ? Problems.InvalidRequest(_wrongShape)
        : _wrongValue.Count > 0 ? Problems.InvalidValue(_wrongValue)
        : null;

    /// <summary>What has the wrong shape so far: unknown, missing, twice, of another type.</summary>
    public IReadOnlyList<ProblemError> WrongShapes => _wrongShape;

    /// <summary>What has a value that can't be, so far.</summary>
    public IReadOnlyList<ProblemError> WrongValues => _wrongValue;

    /// <summary>Parses a body; null if it is no JSON.</summary>
    public static MemberReader? Parse(ReadOnlyMemory<byte> body, out Problem? malformed)
    {
        malformed = null;
        if (MalformedJson.OfEncoding(body.Span) is { } encoding)
        {
            malformed = Problems.Malformed(encoding);
            return null;
        }

        try
        {
            return new MemberReader(JsonDocument.Parse(body, Options));
        }
        catch (JsonException e)
        {
            malformed = Problems.Malformed(MalformedJson.From(e));
            return null;
        }
    }

    /// <summary>The body as an object with these members and no others.</summary>
    public Members Object(string what, params string[] known) => new(this, _document.RootElement, "#", what, known);

    /// <summary>The same, where what is known to be said elsewhere is refused with the way there: by name, what to do instead.</summary>
    public Members Object(string what, string[] known, IReadOnlyDictionary<string, string> elsewhere) =>
        new(this, _document.RootElement, "#", what, known, elsewhere);

    /// <summary>The same for what is only a part of a body.</summary>
    public Members Part(string pointer, string what, params string[] known) => new(this, _document.RootElement, pointer, what, known);

    /// <inheritdoc/>
    public void Dispose() => _document.Dispose();

    /// <summary>The members of an object.</summary>
    internal sealed class Members
    {
        private readonly MemberReader _reader;
        private readonly string _pointer;
        private readonly Dictionary<string, JsonElement> _members = new(StringComparer.Ordinal);

        internal Members(
            MemberReader reader, JsonElement element, string pointer, string what, string[] known, IReadOnlyDictionary<string, string>? elsewhere = null)
        {
            _reader = reader;
            _pointer = pointer;
            if (element.ValueKind != JsonValueKind.Object)
            {
                reader._wrongShape.Add(new ProblemError($"{what} is an object, not {TypeName(element)}.", pointer));
                return;
            }

            foreach (var member in element.EnumerateObject())
                Add(member, known, elsewhere);
        }

        /// <summary>True if the member is there, with whatever value.</summary>
        public bool Has(string name) => _members.ContainsKey(name);

        /// <summary>True if the member is there and null.</summary>
        public bool IsNull(string name) => _members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Null;

        /// <summary>A member byte by byte as it was sent, as a copy.</summary>
        public ReadOnlyMemory<byte>? Raw(string name) =>
            _members.TryGetValue(name, out var value) ? JsonMarshal.GetRawUtf8Value(value).ToArray() : default(ReadOnlyMemory<byte>?);

        /// <summary>A string that follows a rule.</summary>
        public string? Text(string name, Func<string, bool> allowed, string rule)
        {
            if (Value(name, JsonValueKind.String, "a string") is not { } value)
                return null;
            var text = ReadText(value);
            if (text is null || !allowed(text))
                WrongValue(name, $"'{Problems.Short(text ?? value.GetRawText())}' is not {rule}.");
            return text;
        }

        /// <summary>A string that must not be said back, whatever is wrong with it.</summary>
        public string? Secret(string name)
        {
            if (Value(name, JsonValueKind.String, "a string") is not { } value)
                return null;
            if (ReadText(value) is { } text)
                return text;
            WrongValue(name, "Half a surrogate pair is no character.");
            return null;
        }

        /// <summary>An array of strings, each of which follows a rule; null if it is not there or no array.</summary>
        public IReadOnlyList<string>? Texts(string name, Func<string, bool> allowed, string rule)
        {
            if (Value(name, JsonValueKind.Array, "an array of strings") is not { } value)
                return null;
            var texts = new List<string>();
            foreach (var element in value.EnumerateArray())
            {
                var at = $"{name}/{texts.Count}";
                if (element.ValueKind != JsonValueKind.String)
                    WrongShape(at, $"It must be a string, not {TypeName(element)}.");
                else if (ReadText(element) is not { } text || !allowed(text))
                    WrongValue(at, $"'{Problems.Short(ReadText(element) ?? element.GetRawText())}' is not {rule}.");
                texts.Add(element.ValueKind == JsonValueKind.String ? ReadText(element) ?? "" : "");
            }

            return texts;
        }

        /// <summary>An RFC 3339 time with an offset.</summary>
        public DateTimeOffset? Time(string name)
        {
            DateTimeOffset time = default;
            return Text(name, text => QueryReader.TryParseTime(text, out time), QueryReader.TimeRule) is null ? null : time;
        }

        /// <summary>A whole number within bounds.</summary>
        public int? Integer(string name, int least, int most)
        {
            if (Value(name, JsonValueKind.Number, "a whole number") is not { } value)
                return null;
            if (!value.TryGetInt32(out var number) || number < least || number > most)
                WrongValue(name, $"It is not a whole number from {least} to {most}.");
            return number;
        }

        /// <summary>True or false.</summary>
        public bool? Flag(string name)
        {
            if (!_members.TryGetValue(name, out var value))
                return null;
            if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
                return value.GetBoolean();
            WrongShape(name, $"It must be true or false, not {TypeName(value)}.");
            return null;
        }

        /// <summary>An object with these members and no others; null if it is not there.</summary>
        public Members? Object(string name, string what, params string[] known) =>
            _members.TryGetValue(name, out var value) ? new Members(_reader, value, Pointer(name), what, known) : null;

        /// <summary>Says that a member is missing.</summary>
        public void Missing(string name, string detail) => WrongShape(name, detail);

        /// <summary>Says that a member has a value that can't be.</summary>
        public void Wrong(string name, string detail) => WrongValue(name, detail);

        private static string? ReadText(JsonElement value)
        {
            try
            {
                return value.GetString();
            }
            catch (InvalidOperationException)
            {
                return null; // half a surrogate pair
            }
        }

        private void Add(JsonProperty member, string[] known, IReadOnlyDictionary<string, string>? elsewhere)
        {
            string? name = null;
            try
            {
                name = member.Name;
            }
            catch (InvalidOperationException)
            {
                // Half a surrogate pair.
            }

            if (name is not null && known.Contains(name))
            {
                if (!_members.TryAdd(name, member.Value))
                    WrongShape(name, "Given more than once.");
                return;
            }

            if (name is not null && elsewhere?.TryGetValue(name, out var instead) == true)
            {
                WrongShape(name, instead);
                return;
            }

            var nearest = NearestNames.Find(name ?? "", known, most: 1);
            WrongShape(
                Problems.Short(name ?? "").Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal),
                nearest is [var meant] ? $"Unknown member; did you mean '{meant}'?" : $"Unknown member; known are {string.Join(", ", known)}.");
        }

        private JsonElement? Value(string name, JsonValueKind kind, string expected)
        {
            if (!_members.TryGetValue(name, out var value))
                return null;
            if (value.ValueKind == kind)
                return value;
            WrongShape(name, $"It must be {expected}, not {TypeName(value)}.");
            return null;
        }

        private void WrongShape(string name, string detail) => _reader._wrongShape.Add(new ProblemError(detail, Pointer(name)));

        private void WrongValue(string name, string detail) => _reader._wrongValue.Add(new ProblemError(detail, Pointer(name)));

        private string Pointer(string name) => $"{_pointer}/{name}";

        private static string TypeName(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.Null => "null",
            _ => "a boolean",
        };
    }
}
