using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class InputSchemaParseTests
{
    [TestCase("""{"properties":{"a":{"multipleOf":2}}}""", "#/properties/a/multipleOf", "multipleOf")]
    [TestCase("""{"properties":{"a/b":{"not":{}}}}""", "#/properties/a~1b/not", "not")]
    [TestCase("""{"maxitems":2}""", "#/maxitems", "maxitems")]
    [TestCase("""{"format":"email"}""", "#/format", "email")]
    [TestCase("""{"contentEncoding":"base32"}""", "#/contentEncoding", "base32")]
    [TestCase("""{"type":"int"}""", "#/type", "int")]
    [TestCase("""{"type":3}""", "#/type", "string")]
    [TestCase("""{"minimum":"1"}""", "#/minimum", "number")]
    [TestCase("""{"minItems":-1}""", "#/minItems", "integer")]
    [TestCase("""{"maxLength":1.5}""", "#/maxLength", "integer")]
    [TestCase("""{"pattern":"("}""", "#/pattern", "Invalid pattern")]
    [TestCase("""{"pattern":"(?=a)"}""", "#/pattern", "NonBacktracking")]
    [TestCase("""{"enum":[]}""", "#/enum", "at least one")]
    [TestCase("""{"enum":"a"}""", "#/enum", "array")]
    [TestCase("""{"enum":[{}]}""", "#/enum", "objects")]
    [TestCase("""{"const":[]}""", "#/const", "arrays")]
    [TestCase("""{"anyOf":[]}""", "#/anyOf", "at least one")]
    [TestCase("""{"required":"a"}""", "#/required", "array")]
    [TestCase("""{"required":[1]}""", "#/required", "string")]
    [TestCase("""{"properties":[]}""", "#/properties", "object")]
    [TestCase("""{"items":1}""", "#/items", "schema")]
    [TestCase("""{"items":[{}]}""", "#/items", "schema")]
    [TestCase("""{"$ref":"other.json"}""", "#/$ref", "other.json")]
    [TestCase("""{"$ref":"#/$defs/a"}""", "#/$ref", "#/$defs/a")]
    [TestCase("""{"$ref":"#"}""", "#", "itself")]
    [TestCase("""{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"items":{"$ref":"#/$defs/a"}}""", "#/$defs/a", "itself")]
    [TestCase("""{"anyOf":[{"type":"null"},{"$ref":"#"}]}""", "#", "itself")]
    [TestCase("""{"$ref":"#/$defs/a","minimum":1,"$defs":{"a":{"$ref":"#","maximum":2}}}""", "#", "itself")]
    public void What_can_not_be_checked_is_named_with_its_place(string schema, string place, string what) =>
        Assert.That(() => InputSchema.Parse(schema), Throws.InstanceOf<FormatException>().With.Message.Contains(place).And.Message.Contains(what));

    [TestCase("")]
    [TestCase("{")]
    [TestCase("""{"type":"null","type":"string"}""")]
    [TestCase("\"string\"")]
    public void What_is_no_schema_is_refused(string schema) => Assert.That(() => InputSchema.Parse(schema), Throws.InstanceOf<FormatException>());
}
