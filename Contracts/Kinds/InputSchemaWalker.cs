using System.Text.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>
/// Goes over an input once and compares it with the compiled schema. A value under a <c>$ref</c> with neighbours or an <c>anyOf</c> is gone over
/// again for each of those; only the first pass looks for what is wrong under any schema (duplicates, escapes, depth).
/// </summary>
internal ref partial struct InputSchemaWalker
{
    private const int MembersInMessage = 12;

    private readonly ReadOnlySpan<byte> _json;
    private readonly bool _firstPass;
    private InputSchemaPath _path;
    private long _firstErrorAt;

    public InputSchemaWalker(ReadOnlySpan<byte> json, string basePointer)
    {
        _json = json;
        _path = new InputSchemaPath(json, basePointer);
        _firstPass = true;
    }

    private InputSchemaWalker(scoped in InputSchemaWalker other)
    {
        _json = other._json;
        _path = other._path;
        _firstPass = false;
    }

    /// <summary>What does not fit; null if all fits.</summary>
    public List<InputError>? Errors { get; private set; }

    /// <summary>Goes over one value: from its first token, where the reader is, to its last.</summary>
    /// <exception cref="JsonException">The text is no JSON, or nested too deeply.</exception>
    public void Value(ref Utf8JsonReader reader, InputSchemaNode node)
    {
        if (node.AllOf.Length == 0 && node.AnyOf.Length == 0)
        {
            Own(ref reader, node);
            return;
        }

        var start = reader;
        Own(ref reader, node);
        foreach (var other in node.AllOf)
            Again(start, other);
        if (node.AnyOf.Length > 0)
            AnyOf(start, node.AnyOf);
    }

    private void Again(Utf8JsonReader reader, InputSchemaNode node)
    {
        var walker = new InputSchemaWalker(this);
        walker.Value(ref reader, node);
        Add(walker.Errors, walker._firstErrorAt);
    }

    private void AnyOf(Utf8JsonReader start, InputSchemaNode[] nodes)
    {
        List<InputError> best = [];
        var bestAt = -1L;
        var details = new List<string>(0);
        foreach (var node in nodes)
        {
            var reader = start;
            var walker = new InputSchemaWalker(this);
            walker.Value(ref reader, node);
            if (walker.Errors is null)
                return;
            // The one that fits furthest is the one that was meant: discriminators come first.
            if (walker._firstErrorAt < bestAt)
                continue;
            if (walker._firstErrorAt > bestAt)
                details.Clear();
            (best, bestAt) = (walker.Errors, walker._firstErrorAt);
            details.Add(best[0].Detail);
        }

        if (details.Count > 1)
            best = [best[0] with { Detail = $"Fits none of the forms allowed here. {string.Join(" ", details.Distinct())}" }];
        Add(best, bestAt);
    }

    private void Own(ref Utf8JsonReader reader, InputSchemaNode node)
    {
        if (!_firstPass && node == InputSchemaNode.Any)
        {
            reader.Skip();
            return;
        }

        var type = TypeOf(reader);
        if ((node.Types & type) == 0)
        {
            Error(reader, TypeMessage(node.Types, type));
            node = InputSchemaNode.Any;
        }

        switch (type)
        {
            case JsonTypes.Object:
                RefuseDepth(reader);
                Object(ref reader, node);
                break;
            case JsonTypes.Array:
                RefuseDepth(reader);
                Array(ref reader, node);
                break;
            default:
                Scalar(ref reader, node, type);
                break;
        }

        if (node.Allowed is { } allowed && type is JsonTypes.Object or JsonTypes.Array)
            Error(reader, $"Must be {(node.Allowed.Count == 1 ? "" : "one of ")}{node.Allowed.Description}.");
    }

    private void Object(ref Utf8JsonReader reader, InputSchemaNode node)
    {
        var members = node.Members;
        Span<ulong> seen = members.Length <= 256 ? stackalloc ulong[4] : new ulong[members.Length / 64 + 1];
        HashSet<string>? others = null;
        var next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _path.Enter((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            var schema = InputSchemaNode.Any;
            if (!HasBrokenEscape(reader))
            {
                var at = Find(reader, members, next);
                if (at >= 0 ? !Mark(seen, at) : _firstPass && !(others ??= new(StringComparer.Ordinal)).Add(_path.Name()))
                    ErrorIn(reader, _firstPass, "Is given more than once.");
                if (at < 0 && node.Additional == InputSchemaNode.Never)
                    Error(reader, UnknownMember(_path.Name(), members));
                else
                    schema = at < 0 ? node.Additional : members[at].Schema;
                next = at + 1;
            }

            reader.Read();
            Value(ref reader, schema);
            _path.Leave();
        }

        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].Required && (seen[i >> 6] & (1UL << (i & 63))) == 0)
                Error(reader, "Is required.", members[i].Name);
        }
    }

    private void Array(ref Utf8JsonReader reader, InputSchemaNode node)
    {
        var start = reader;
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _path.EnterItem(count);
            Value(ref reader, count < node.PrefixItems.Length ? node.PrefixItems[count] : node.Items);
            _path.Leave();
            count++;
        }

        if (count < node.MinItems)
            Error(start, $"Must have at least {Counted(node.MinItems, "item")}, not {count}.");
        if (count > node.MaxItems)
            Error(start, $"Must have at most {Counted(node.MaxItems, "item")}, not {count}.");
    }

    // Callers mostly write members in the order of the schema: look there first.
    private static int Find(in Utf8JsonReader reader, InputSchemaMember[] members, int next)
    {
        for (var i = 0; i < members.Length; i++)
        {
            var at = next + i;
            if (at >= members.Length)
                at -= members.Length;
            if (reader.ValueTextEquals(members[at].Utf8Name))
                return at;
        }

        return -1;
    }

    private static bool Mark(Span<ulong> seen, int at)
    {
        var bit = 1UL << (at & 63);
        var isFirst = (seen[at >> 6] & bit) == 0;
        seen[at >> 6] |= bit;
        return isFirst;
    }

    private readonly void RefuseDepth(in Utf8JsonReader reader)
    {
        if (reader.CurrentDepth < InputSchema.MaxDepth)
            return;
        var place = Json.MalformedJson.At("", _json, (int)reader.TokenStartIndex);
        throw new JsonException(
            $"Arrays and objects may be nested at most {InputSchema.MaxDepth} deep.", null, place.Line - 1, place.BytePosition - 1);
    }

    private void Add(List<InputError>? errors, long firstAt)
    {
        if (errors is null)
            return;
        if (Errors is null)
            _firstErrorAt = firstAt;
        Errors ??= [];
        Errors.AddRange(errors.Take(InputSchema.MaxErrors - Errors.Count));
    }

    private void ErrorIn(in Utf8JsonReader reader, bool thisPass, string detail)
    {
        if (thisPass)
            Error(reader, detail);
    }

    private void Error(in Utf8JsonReader reader, string detail, string? missing = null)
    {
        if (Errors is null)
            _firstErrorAt = reader.TokenStartIndex;
        Errors ??= [];
        if (Errors.Count < InputSchema.MaxErrors)
            Errors.Add(new InputError(_path.Pointer(missing), detail));
    }

    private static string UnknownMember(string name, InputSchemaMember[] members)
    {
        var near = NearestNames.Find(name, members.Select(m => m.Name), most: 1);
        if (near.Count > 0)
            return $"There is no such member{NearestNames.Question(near)}";
        return members.Length is 0 or > MembersInMessage
            ? "There is no such member."
            : $"There is no such member; there are: {string.Join(", ", members.Select(m => m.Name))}.";
    }

    private static string Counted(long count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
