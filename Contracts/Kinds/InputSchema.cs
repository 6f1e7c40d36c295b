using System.Text.Json;
using Messaging.Contracts.Json;

namespace Messaging.Contracts.Kinds;

/// <summary>
/// A kind's input schema, compiled to check inputs in one pass without building a document. Safe to use from several threads.
/// </summary>
/// <remarks>
/// <para>
/// It knows the part of JSON Schema 2020-12 that <see cref="KindSchema"/> writes and a little more: boolean schemas, <c>type</c>,
/// <c>properties</c>, <c>required</c>, <c>additionalProperties</c>, <c>items</c>, <c>prefixItems</c>, <c>enum</c> and <c>const</c> of scalars,
/// <c>minimum</c>, <c>maximum</c>, <c>exclusiveMinimum</c>, <c>exclusiveMaximum</c>, <c>minLength</c>, <c>maxLength</c>, <c>minItems</c>,
/// <c>maxItems</c>, <c>pattern</c>, <c>anyOf</c>, <c>$ref</c> within the document, <c>$defs</c>, <c>contentEncoding: base64</c>, and <c>format</c> with
/// <c>duration</c>, <c>date-time</c>, <c>date</c>, <c>time</c>, <c>uuid</c> and <c>uri</c>. Annotations and <c>x-</c> keywords are skipped.
/// </para>
/// <para>
/// It is stricter than the specification where a handler could not read the value anyway: a format is always checked, an integer is written
/// without fraction and exponent, and everywhere in the input a duplicate member, an escaped NUL (<c>\u0000</c>, which databases and other
/// receivers can't hold) and half a surrogate pair are errors.
/// </para>
/// </remarks>
public sealed class InputSchema
{
    /// <summary>How many fields are named at most.</summary>
    public const int MaxErrors = 20;

    /// <summary>How deep arrays and objects may be nested.</summary>
    public const int MaxDepth = 64;

    // One level more than allowed, so that the level too many is met by the walker, which has the better words.
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth + 1 };

    private readonly InputSchemaNode _root;

    private InputSchema(InputSchemaNode root) => _root = root;

    /// <summary>Compiles a schema.</summary>
    /// <param name="schemaJson">The schema as JSON text.</param>
    /// <exception cref="FormatException">
    /// It is no JSON, or it says something that is not checked here: the message names the keyword and its place. Nothing is skipped silently.
    /// </exception>
    public static InputSchema Parse(string schemaJson)
    {
        ArgumentNullException.ThrowIfNull(schemaJson);
        try
        {
            using var document = JsonDocument.Parse(schemaJson, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return new InputSchema(new InputSchemaParser(document.RootElement).Parse());
        }
        catch (JsonException e)
        {
            throw new FormatException($"The schema is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Checks an input. Never throws for what the text holds.</summary>
    /// <param name="utf8Json">The input as UTF-8 JSON: one value, nothing after it.</param>
    /// <param name="basePointer">Where the input stands in a larger text (<c>/input</c>): put in front of every pointer. Default: nowhere.</param>
    public InputCheck Validate(ReadOnlySpan<byte> utf8Json, string basePointer = "")
    {
        if (MalformedJson.OfEncoding(utf8Json) is { } encoding)
            return InputCheck.Broken(encoding);
        try
        {
            var reader = new Utf8JsonReader(utf8Json, ReaderOptions);
            var walker = new InputSchemaWalker(utf8Json, basePointer);
            reader.Read();
            walker.Value(ref reader, _root);
            // Throws if something follows the value.
            reader.Read();
            return InputCheck.Of(walker.Errors);
        }
        catch (JsonException e)
        {
            return InputCheck.Broken(MalformedJson.From(e));
        }
    }
}
