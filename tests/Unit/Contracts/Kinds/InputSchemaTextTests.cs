using System.Text;
using System.Text.Json;
using Messaging.Contracts.Kinds;
using static Messaging.Tests.Unit.Contracts.Kinds.InputSchemaCheck;

namespace Messaging.Tests.Unit.Contracts.Kinds;

/// <summary>What is wrong with a text whatever the schema.</summary>
public sealed class InputSchemaTextTests
{
    [TestCase("", 1, 1)]
    [TestCase("{", 1, 2)]
    [TestCase("{\"a\":tru}", 1, 9)]
    [TestCase("{\n  \"a\": 1,\n}", 3, 1)]
    [TestCase("{} {}", 1, 4)]
    [TestCase("[1,2", 1, 5)]
    [TestCase("[01]", 1, 3)]
    [TestCase("'a'", 1, 1)]
    [TestCase("{a:1}", 1, 2)]
    [TestCase("// no\n1", 1, 1)]
    [TestCase("[\"a\0b\"]", 1, 4)]
    [TestCase("[\"a\nb\"]", 1, 4)]
    [TestCase("\"\\x\"", 1, 3)]
    [TestCase("\uFEFF1", 1, 1)]
    [TestCase("NaN", 1, 1)]
    public void A_text_that_is_no_json_is_told_apart_with_its_position(string json, int line, int position)
    {
        var check = Check("true", json);

        Assert.That(check.IsValid, Is.False);
        Assert.That(check.Errors, Is.Empty);
        Assert.That((check.Malformed!.Line, check.Malformed.BytePosition), Is.EqualTo(((long)line, (long)position)), check.Malformed.Detail);
        Assert.That(check.Malformed.Detail, Does.EndWith(".").And.Not.Contain("LineNumber"));
    }

    [Test]
    public void A_text_that_is_not_utf8_is_malformed_where_it_breaks()
    {
        var check = InputSchema.Parse("true").Validate([.. "[1,\n \"ä"u8, 0xC3, 0x28, .. "\"]"u8]);

        Assert.That(check.Malformed, Is.EqualTo(new Messaging.Contracts.Json.MalformedJson("The text is not valid UTF-8.", 2, 5)));
    }

    [Test]
    public void Nesting_ends_at_64_levels()
    {
        Assert.That(Check("true", Nested(64)).IsValid, Is.True);
        var check = Check("true", "\n" + Nested(65));
        Assert.That((check.Malformed!.Line, check.Malformed.BytePosition), Is.EqualTo((2L, 65L)));
        Assert.That(check.Malformed.Detail, Does.Contain("64"));
        Assert.That(Check("true", new string('[', 1_000_000)).Malformed!.BytePosition, Is.EqualTo(65));
    }

    [TestCase("""{"a":"\u0000"}""", "/a")]
    [TestCase("""{"a":[1,"x\u0000y"]}""", "/a/1")]
    [TestCase("""{"other":{"b":"\\\u0000"}}""", "/other/b")]
    [TestCase("\"\\u0000\"", "")]
    public void An_escaped_nul_is_refused_anywhere(string json, string place) =>
        Assert.That(Errors("""{"properties":{"a":{}}}""", json), Is.EqualTo([$"{place}: The string has a NUL character (\\u0000), which can't be stored everywhere."]));

    [TestCase("""{"a":"\\u0000"}""")]
    [TestCase("""{"a":"\u0001"}""")]
    [TestCase("""{"a":"\ud83d\ude00"}""")]
    [TestCase("""{"a":"\"\\\/\b\f\n\r\t\u00e4"}""")]
    public void Other_escapes_are_fine(string json) => Assert.That(Fits("true", json), Is.True);

    [TestCase("""["\ud83d"]""")]
    [TestCase("""["\ude00"]""")]
    [TestCase("""["\ude00\ud83d"]""")]
    [TestCase("""["\ud83dx\ude00"]""")]
    [TestCase("""["\ud83d\\ude00"]""")]
    public void Half_a_surrogate_pair_is_refused(string json) =>
        Assert.That(Errors("""{"items":{"minLength":1,"pattern":"a","format":"uuid","enum":["a"]}}""", json), Is.EqualTo(["/0: The string has half a surrogate pair, which is no Unicode text."]));

    [TestCase("""{"a\u0000":1}""", "/a\0")]
    [TestCase("""{"a\ud83d":1}""", "/a\\ud83d")]
    public void A_name_is_a_text_too(string json, string place) =>
        Assert.That(Pointers("""{"properties":{"a":{}},"additionalProperties":false}""", json), Is.EqualTo([place]));

    [TestCase("""{"a":1,"b":2,"a":3}""", "/a")]
    [TestCase("""{"x":1,"y":2,"x":3}""", "/x")]
    [TestCase("""{"x":1,"\u0078":3}""", "/x")]
    [TestCase("""{"b":[{"c":1,"c":1}]}""", "/b/0/c")]
    public void A_member_given_twice_is_named(string json, string place) =>
        Assert.That(Errors("""{"properties":{"a":{},"b":{}}}""", json), Is.EqualTo([$"{place}: Is given more than once."]));

    [Test]
    public void Pointers_are_escaped_and_may_have_a_base()
    {
        var check = InputSchema.Parse("""{"additionalProperties":{"items":{"type":"null"}}}""").Validate("""{"a/b~c":[null,1]}"""u8, "/tasks/7/input");

        Assert.That(check.Errors[0].JsonPointer, Is.EqualTo("/tasks/7/input/a~1b~0c/1"));
    }

    [Test]
    public void At_most_twenty_fields_are_named_and_the_rest_is_still_read()
    {
        var many = string.Join(",", Enumerable.Repeat("1", 1000));
        Assert.That(Check("""{"items":{"type":"string"}}""", $"[{many}]").Errors, Has.Count.EqualTo(InputSchema.MaxErrors));
        Assert.That(Check("""{"items":{"type":"string"}}""", $"[{many}").Malformed, Is.Not.Null);
    }

    [Test]
    public void It_agrees_with_the_runtime_on_what_is_json()
    {
        var random = new Random(20);
        var schema = InputSchema.Parse("true");
        var seed = """{"a": [1, -2.5e3, "x\u00e4\n", true, null], "b": {"c": {}, "d": []}}"""u8.ToArray();
        const string Alphabet = "{}[],:\"\\ue10.-+ntfx \n";
        for (var i = 0; i < 4_000; i++)
        {
            var json = (byte[])seed.Clone();
            for (var edit = random.Next(1, 4); edit > 0; edit--)
                json[random.Next(json.Length)] = (byte)Alphabet[random.Next(Alphabet.Length)];
            Assert.That(schema.Validate(json).Malformed is null, Is.EqualTo(IsJson(json)), Encoding.UTF8.GetString(json));
        }
    }

    [Test]
    public void A_valid_input_costs_no_memory()
    {
        var schema = InputSchema.Parse(KindSchema.Of(typeof(DebugEcho)));
        var input = """{"message":"hello","wait":"PT1S","failTimes":1}"""u8.ToArray();
        schema.Validate(input);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            schema.Validate(input);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static string Nested(int levels) => new string('[', levels) + new string(']', levels);

    private static bool IsJson(byte[] json)
    {
        try
        {
            JsonDocument.Parse(json).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
