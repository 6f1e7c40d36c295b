using System.Text.Json;
using static Messaging.Tests.Unit.Contracts.Kinds.InputSchemaCheck;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class InputSchemaKeywordTests
{
    private static readonly string[] Samples = ["null", "true", "1", "1.5", "\"a\"", "[1]", """{"a":1}"""];

    [Test]
    public void The_schema_true_takes_all_and_false_none()
    {
        Assert.That(Samples, Has.All.Matches<string>(s => Fits("true", s)));
        Assert.That(Samples, Has.All.Matches<string>(s => Fits("{}", s)));
        Assert.That(Samples, Has.All.Matches<string>(s => !Fits("false", s)));
    }

    [TestCase("null", "null")]
    [TestCase("boolean", "true")]
    [TestCase("integer", "1")]
    [TestCase("number", "1,1.5")]
    [TestCase("string", "\"a\"")]
    [TestCase("array", "[1]")]
    [TestCase("object", """{"a":1}""")]
    public void Type_takes_values_of_that_type_alone(string type, string fitting) =>
        Assert.That(Samples.Where(s => Fits($$"""{"type":"{{type}}"}""", s)), Is.EqualTo(fitting.Split(',')));

    [Test]
    public void Type_may_be_a_list() =>
        Assert.That(Samples.Where(s => Fits("""{"type":["string","null","integer"]}""", s)), Is.EqualTo(["null", "1", "\"a\""]));

    [TestCase("0", true)]
    [TestCase("-12", true)]
    [TestCase("1.0", false, Description = "A handler's int could not read it.")]
    [TestCase("1e3", false)]
    public void An_integer_has_no_fraction_and_no_exponent(string json, bool fits) => Assert.That(Fits("""{"type":"integer"}""", json), Is.EqualTo(fits));

    [TestCase("1e308", true)]
    [TestCase("1e309", false)]
    [TestCase("-1e309", false)]
    public void A_number_fits_a_double(string json, bool fits) => Assert.That(Fits("""{"type":"number"}""", json), Is.EqualTo(fits));

    [Test]
    public void Members_are_judged_by_their_own_schemas()
    {
        const string Schema = """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}}}""";
        Assert.That(Pointers(Schema, """{"a":"x","b":1}"""), Is.Empty);
        Assert.That(Pointers(Schema, """{"b":"x","a":1}"""), Is.EqualTo(["/b", "/a"]));
        Assert.That(Pointers(Schema, """{"c":"x"}"""), Is.Empty);
    }

    [Test]
    public void Members_are_found_however_their_names_are_escaped() =>
        Assert.That(Pointers("""{"properties":{"né":{"type":"string"}},"additionalProperties":false}""", """{"n\u00e9":1}"""), Is.EqualTo(["/né"]));

    [Test]
    public void Required_members_are_named_as_if_they_were_there()
    {
        const string Schema = """{"type":"object","properties":{"a":{},"b":{}},"required":["b","c"]}""";
        Assert.That(Errors(Schema, """{"a":1}"""), Is.EqualTo(["/b: Is required.", "/c: Is required."]));
        Assert.That(Errors(Schema, """{"c":null,"b":null}"""), Is.Empty);
    }

    [Test]
    public void Required_members_that_are_not_described_follow_the_rule_for_additional_ones() =>
        Assert.That(Pointers("""{"required":["a"],"additionalProperties":{"type":"integer"}}""", """{"a":"x"}"""), Is.EqualTo(["/a"]));

    [Test]
    public void Unknown_members_are_refused_with_the_nearest_known_one()
    {
        const string Schema = """{"properties":{"message":{},"wait":{}},"additionalProperties":false}""";
        Assert.That(Errors(Schema, """{"mesage":1}"""), Is.EqualTo(["/mesage: There is no such member; did you mean 'message'?"]));
        Assert.That(Errors(Schema, """{"Message":1}"""), Is.EqualTo(["/Message: There is no such member; did you mean 'message'?"]));
        Assert.That(Errors(Schema, """{"colour":1}"""), Is.EqualTo(["/colour: There is no such member; there are: message, wait."]));
        Assert.That(Errors("""{"additionalProperties":false}""", """{"a":1}"""), Is.EqualTo(["/a: There is no such member."]));
    }

    [Test]
    public void Additional_members_may_have_a_schema() =>
        Assert.That(Pointers("""{"properties":{"a":{}},"additionalProperties":{"type":"integer"}}""", """{"a":"x","b":1,"c":"x"}"""), Is.EqualTo(["/c"]));

    [Test]
    public void More_than_256_members_are_told_apart()
    {
        var names = Enumerable.Range(0, 400).Select(i => $"m{i}").ToList();
        var schema = $$"""{"properties":{{{string.Join(",", names.Select(n => $"\"{n}\":{{}}"))}}},"required":["m399"],"additionalProperties":false}""";
        Assert.That(Errors(schema, $$"""{{{string.Join(",", names.Take(399).Append("m398").Select(n => $"\"{n}\":1"))}}}"""),
            Is.EqualTo(["/m398: Is given more than once.", "/m399: Is required."]));
    }

    [Test]
    public void Items_are_judged_each() =>
        Assert.That(Pointers("""{"items":{"type":"integer"}}""", """[1,"a",2,null]"""), Is.EqualTo(["/1", "/3"]));

    [Test]
    public void The_first_items_may_have_schemas_of_their_own() =>
        Assert.That(Pointers("""{"prefixItems":[{"type":"string"},true],"items":false}""", """[1,2,3]"""), Is.EqualTo(["/0", "/2"]));

    [TestCase("[]", "at least 1 item, not 0")]
    [TestCase("[1,2,3,4]", "at most 3 items, not 4")]
    [TestCase("[1]", null)]
    [TestCase("[1,2,3]", null)]
    public void Arrays_have_bounds(string json, string? complaint) => ExpectComplaint("""{"minItems":1,"maxItems":3}""", json, complaint);

    [TestCase("\"a\"", "at least 2 characters, not 1")]
    [TestCase("\"ab\"", null)]
    [TestCase("\"abcd\"", "at most 3 characters, not 4")]
    [TestCase("\"äöü\"", null)]
    [TestCase("\"😀😀😀\"", null)]
    [TestCase("\"\\ud83d\\ude00\"", "at least 2 characters, not 1")]
    public void Strings_have_bounds_in_code_points(string json, string? complaint) => ExpectComplaint("""{"minLength":2,"maxLength":3}""", json, complaint);

    [TestCase("0", "at least 1.")]
    [TestCase("0.9999", "at least 1.")]
    [TestCase("1", null)]
    [TestCase("1.0", null)]
    [TestCase("10", null)]
    [TestCase("10.1", "at most 10.")]
    [TestCase("1e30", "at most 10.")]
    [TestCase("-1e300", "at least 1.")]
    [TestCase("1e-400", "at least 1.")]
    [TestCase("1.00000000000000000000000000000000000000000000000001", null)]
    public void Numbers_have_bounds(string json, string? complaint) => ExpectComplaint("""{"minimum":1,"maximum":10}""", json, complaint);

    [TestCase("1", "more than 1.")]
    [TestCase("1.1", null)]
    [TestCase("2", "less than 2.")]
    public void Bounds_may_be_exclusive(string json, string? complaint) =>
        ExpectComplaint("""{"exclusiveMinimum":1,"exclusiveMaximum":2}""", json, complaint);

    [TestCase("9223372036854775807", null)]
    [TestCase("9223372036854775808", "at most 9223372036854775807.")]
    public void Bounds_are_exact_for_64_bits(string json, string? complaint) => ExpectComplaint("""{"maximum":9223372036854775807}""", json, complaint);

    [TestCase("\"AB-12\"", true)]
    [TestCase("\"xAB-12\"", false)]
    [TestCase("\"\\u0041B-12\"", true)]
    public void Strings_match_a_pattern(string json, bool fits) => Assert.That(Fits("""{"pattern":"^[A-Z]{2}-[0-9]+$"}""", json), Is.EqualTo(fits));

    [TestCase("^a$", "a\n", false, Description = "The end is the end, as ECMA-262 has it.")]
    [TestCase("^a$", "a", true)]
    [TestCase(@"^\d+$", "12", true)]
    [TestCase(@"^\d+$", "١٢", false)]
    [TestCase(@"^[\w$]+$", "a_9$", true)]
    [TestCase(@"^[\w$]+$", "ä", false)]
    [TestCase(@"^\$\\$", "$\\", true)]
    [TestCase("b", "abc", true)]
    public void A_pattern_means_what_ecma_script_means(string pattern, string text, bool fits) =>
        Assert.That(Fits($$"""{"pattern":{{JsonSerializer.Serialize(pattern)}}}""", JsonSerializer.Serialize(text)), Is.EqualTo(fits));

    [Test]
    public void A_pattern_takes_no_more_time_than_the_text_is_long() =>
        Assert.That(Fits("""{"pattern":"^(a+)+$"}""", $"\"{new string('a', 50_000)}!\""), Is.False);

    [TestCase("\"red\"", true)]
    [TestCase("\"r\\u0065d\"", true)]
    [TestCase("\"Red\"", false)]
    [TestCase("2", true)]
    [TestCase("2.0", true)]
    [TestCase("3", false)]
    [TestCase("null", true)]
    [TestCase("true", true)]
    [TestCase("false", false)]
    [TestCase("[\"red\"]", false)]
    public void Enum_takes_its_values_alone(string json, bool fits) => Assert.That(Fits("""{"enum":["red",2,null,true]}""", json), Is.EqualTo(fits));

    [Test]
    public void Enum_says_what_there_is() =>
        Assert.That(Errors("""{"enum":["red",2,null]}""", "\"blue\""), Is.EqualTo([": Must be one of \"red\", 2, null."]));

    [Test]
    public void Const_takes_one_value()
    {
        Assert.That(Fits("""{"const":"a"}""", "\"a\""), Is.True);
        Assert.That(Errors("""{"const":"a"}""", "\"b\""), Is.EqualTo([": Must be \"a\"."]));
    }

    [Test]
    public void Keywords_for_other_types_do_not_apply() =>
        Assert.That(Samples, Has.All.Matches<string>(s => Fits(
            """{"minItems":0,"minimum":1,"minLength":1,"pattern":"a","required":["a"],"items":{"type":"integer"},"properties":{"a":{"type":"integer"}}}""", s)));

    [Test]
    public void Annotations_say_nothing_about_values() =>
        Assert.That(Fits(
            """{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"x","$comment":"x","title":"x","description":"x","default":1,"examples":[1],"deprecated":true,"readOnly":true,"x-unit":"m"}""",
            "\"a\""), Is.True);

    private static void ExpectComplaint(string schema, string json, string? complaint) =>
        Assert.That(Errors(schema, json), complaint is null ? Is.Empty : Has.Exactly(1).Contains(complaint));
}
