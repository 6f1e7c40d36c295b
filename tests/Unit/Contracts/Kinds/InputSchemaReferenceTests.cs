using static Messaging.Tests.Unit.Contracts.Kinds.InputSchemaCheck;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class InputSchemaReferenceTests
{
    private const string Tree = """
        {"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#"}}},
         "required":["name"],"additionalProperties":false}
        """;

    [Test]
    public void A_schema_may_refer_to_itself() =>
        Assert.That(
            Pointers(Tree, """{"name":"a","children":[{"name":"b"},{"name":1},{"children":[{"name":"c","x":1}]}]}"""),
            Is.EqualTo(["/children/1/name", "/children/2/children/0/x", "/children/2/name"]));

    [Test]
    public void A_reference_leads_anywhere_in_the_document()
    {
        const string Schema = """
            {"$defs":{"a/b":{"type":"integer"}},"properties":{"x":{"$ref":"#/$defs/a~1b"},"y":{"$ref":"#/properties/x"},"z":{"$ref":"#/properties/w/prefixItems/1"},
             "w":{"prefixItems":[true,{"type":"null"}]}}}
            """;
        Assert.That(Pointers(Schema, """{"x":1,"y":2,"z":null}"""), Is.Empty);
        Assert.That(Pointers(Schema, """{"x":"1","y":"2","z":3}"""), Is.EqualTo(["/x", "/y", "/z"]));
    }

    [Test]
    public void Keywords_beside_a_reference_hold_too()
    {
        const string Schema = """{"$defs":{"n":{"type":"integer"}},"$ref":"#/$defs/n","maximum":10}""";
        Assert.That(Fits(Schema, "5"), Is.True);
        Assert.That(Fits(Schema, "11"), Is.False);
        Assert.That(Fits(Schema, "\"a\""), Is.False);
    }

    [Test]
    public void One_of_several_forms_is_enough()
    {
        const string Schema = """{"anyOf":[{"type":"string","minLength":2},{"type":"integer"},{"type":"array","items":{"type":"integer"}}]}""";
        Assert.That(Fits(Schema, "\"ab\""), Is.True);
        Assert.That(Fits(Schema, "1"), Is.True);
        Assert.That(Fits(Schema, "[1,2]"), Is.True);
        Assert.That(Errors(Schema, "true"), Is.EqualTo(
            [": Fits none of the forms allowed here. Must be a string, not a boolean. Must be an integer, not a boolean. Must be an array, not a boolean."]));
    }

    [Test]
    public void The_form_that_fits_furthest_is_complained_of() =>
        Assert.That(Pointers("""{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"integer"}}]}""", "[1,2,\"a\"]"), Is.EqualTo(["/2"]));

    [Test]
    public void A_discriminator_picks_its_form()
    {
        const string Schema = """
            {"type":"object","required":["$type"],"anyOf":[
              {"properties":{"$type":{"const":"circle"},"radius":{"type":"number"}},"required":["radius"],"additionalProperties":false},
              {"properties":{"$type":{"const":"square"},"width":{"type":"number"}},"required":["width"],"additionalProperties":false}]}
            """;
        Assert.That(Fits(Schema, """{"$type":"square","width":1}"""), Is.True);
        Assert.That(Pointers(Schema, """{"$type":"square","radius":1}"""), Is.EqualTo(["/radius", "/width"]));
        Assert.That(Errors(Schema, """{"$type":"line","radius":1}"""), Is.EqualTo(
            ["/$type: Fits none of the forms allowed here. Must be \"circle\". Must be \"square\"."]));
    }

    [Test]
    public void What_is_wrong_under_any_schema_is_said_once() =>
        Assert.That(Errors("""{"anyOf":[{"type":"object"},{"properties":{"a":{}}}]}""", """{"a":1,"a":"\u0000"}"""), Has.Count.EqualTo(2));
}
