using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>Where in the input the walker is. Costs nothing until a JSON pointer (RFC 6901) is asked for.</summary>
internal ref struct InputSchemaPath(ReadOnlySpan<byte> json, string basePointer)
{
    private readonly ReadOnlySpan<byte> _json = json;
    private Steps _steps;
    private int _depth;

    /// <summary>One reference token: a member, as the place of its name in the text, or an item, as its index.</summary>
    /// <param name="At">The first byte of the name between its quotes, or the index.</param>
    /// <param name="Length">The bytes of the name, or -1 for an item.</param>
    internal readonly record struct Step(int At, int Length);

    [InlineArray(InputSchema.MaxDepth)]
    private struct Steps
    {
        private Step _first;
    }

    public void Enter(int nameAt, int nameLength) => _steps[_depth++] = new Step(nameAt, nameLength);

    public void EnterItem(int index) => _steps[_depth++] = new Step(index, -1);

    public void Leave() => _depth--;

    /// <summary>The pointer to here, or to the member <paramref name="missing"/> of what is here.</summary>
    public readonly string Pointer(string? missing = null)
    {
        var pointer = new StringBuilder(basePointer);
        for (var i = 0; i < _depth; i++)
        {
            var step = _steps[i];
            pointer.Append('/');
            if (step.Length < 0)
                pointer.Append(CultureInfo.InvariantCulture, $"{step.At}");
            else
                AppendEscaped(pointer, Name(step));
        }

        if (missing is not null)
            AppendEscaped(pointer.Append('/'), missing);
        return pointer.ToString();
    }

    /// <summary>The name of the member entered last, unescaped.</summary>
    public readonly string Name() => Name(_steps[_depth - 1]);

    private readonly string Name(Step step)
    {
        var raw = _json.Slice(step.At, step.Length);
        if (!raw.Contains((byte)'\\') || JsonEscapes.FindFault(raw) == JsonEscapes.Fault.HalfSurrogate)
            return Encoding.UTF8.GetString(raw);
        // The reader can unescape, given the name with its quotes.
        var reader = new Utf8JsonReader(_json.Slice(step.At - 1, step.Length + 2));
        reader.Read();
        return reader.GetString()!;
    }

    private static void AppendEscaped(StringBuilder pointer, string name) =>
        pointer.Append(name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
}
