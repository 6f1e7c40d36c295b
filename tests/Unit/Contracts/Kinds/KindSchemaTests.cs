using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using static Messaging.Tests.Unit.Contracts.Kinds.InputSchemaCheck;
using DescriptionAttribute = System.ComponentModel.DescriptionAttribute;
using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class KindSchemaTests
{
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "7", "255", "256", "32768", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
        "1.5", "1e3", "1e300", "1e999", "79228162514264337593543950336", "\"\"", "\"a\"", "\"😀\"", "\"AAEC\"", "\"AA=\"", "\"red\"", "\"Red\"", "\"PT1S\"", "\"-PT1S\"", "\"1:00\"",
        "\"2030-01-31\"", "\"2030-01-31T08:00:00Z\"", "\"2030-01-31T08:00:00\"", "\"08:00:00\"", "\"0197a1b2-3c4d-7e5f-8a6b-7c8d9e0f1a2b\"", "\"https://example.org\"",
        "\"1.2.3\"", "[]", "[1]", "[\"PT1S\"]", "[null]", "[\"x\",2]", "{}", """{"a":1}""", """{"a":"PT1S"}""", """{"$type":"dot","x":1}""", """{"$type":"line","x":1,"y":2}""", """{"x":1}""",
        """{"name":"a"}""", """{"name":"a","children":[{"name":"b","children":null}]}""", """{"name":"a","children":[{}]}""",
    ];

    public static IEnumerable<Type> BuiltIn => typeof(KindDescription).Assembly.GetExportedTypes()
        .Where(t => t.IsDefined(typeof(TaskKindAttribute), inherit: false));

    [TestCaseSource(nameof(BuiltIn))]
    public void Every_built_in_kind_can_be_checked(Type input)
    {
        var kind = KindDescription.Of(input);
        Assert.That(() => InputSchema.Parse(kind.InputSchema), Throws.Nothing);
        Assert.That(() => InputSchema.Parse(kind.ResultSchema), Throws.Nothing);
        Assert.That(Fits(kind.InputSchema, """{"no such member":1}"""), Is.False);
    }

    private static IEnumerable<TestCaseData> Samples =>
    [
        new(new DebugEcho("hello")),
        new(new DebugEcho("ä \" \\ 😀", TimeSpan.FromSeconds(1.5), 100, 1000)),
        new(new DebugEchoResult("", 1)),
        new(new HttpFetch(["http://localhost/"])),
        new(new HttpFetch(["http://localhost/", "x"], 1, TimeSpan.FromMinutes(1), 64)),
        new(new HttpFetchResult([new FetchedPage("x", 200, 1L << 40, "ab", 1.5, null), new FetchedPage("y", null, 0, null, 0, "no")])),
    ];

    [TestCaseSource(nameof(Samples))]
    public void What_is_serialised_fits_its_own_schema(object value)
    {
        var json = JsonSerializer.Serialize(value, value.GetType(), MessagingJson.Payload);
        Assert.That(Errors(KindSchema.Of(value.GetType()), json), Is.Empty);
    }

    [TestCase("""{"message":"a","failTimes":101}""", "/failTimes")]
    [TestCase("""{"message":"a","failTimes":-1}""", "/failTimes")]
    [TestCase("""{"message":"a","failTimes":null}""", "/failTimes")]
    [TestCase("""{"message":"a","progressSteps":1001}""", "/progressSteps")]
    [TestCase("""{"message":"a","wait":"-PT1S"}""", "/wait")]
    [TestCase("""{"message":"a","wait":1}""", "/wait")]
    [TestCase("""{"message":null}""", "/message")]
    [TestCase("""{}""", "/message")]
    public void Debug_echo_has_limits(string json, string place) =>
        Assert.That(Pointers(KindSchema.Of(typeof(DebugEcho)), json), Is.EqualTo([place]));

    [TestCase("""{"urls":[]}""", "/urls")]
    [TestCase("""{"urls":["a",null]}""", "/urls/1")]
    [TestCase("""{"urls":["a"],"concurrencyPerHost":0}""", "/concurrencyPerHost")]
    [TestCase("""{"urls":["a"],"concurrencyPerHost":65}""", "/concurrencyPerHost")]
    [TestCase("""{"urls":["a"],"maxBytesPerUrl":0}""", "/maxBytesPerUrl")]
    [TestCase("""{"urls":["a"],"maxBytesPerUrl":268435457}""", "/maxBytesPerUrl")]
    [TestCase("""{"urls":["a"],"timeoutPerUrl":"soon"}""", "/timeoutPerUrl")]
    public void Http_fetch_has_limits(string json, string place) =>
        Assert.That(Pointers(KindSchema.Of(typeof(HttpFetch)), json), Is.EqualTo([place]));

    [Test]
    public void A_thousand_urls_are_allowed_and_not_one_more()
    {
        var schema = KindSchema.Of(typeof(HttpFetch));
        Assert.That(Fits(schema, JsonSerializer.Serialize(new HttpFetch([.. Enumerable.Repeat("a", 1000)]), MessagingJson.Payload)), Is.True);
        Assert.That(Fits(schema, JsonSerializer.Serialize(new HttpFetch([.. Enumerable.Repeat("a", 1001)]), MessagingJson.Payload)), Is.False);
    }

    [Test]
    public void What_fits_can_be_deserialised()
    {
        var schemaText = KindSchema.Of(typeof(Everything));
        var schema = InputSchema.Parse(schemaText);
        var members = JsonNode.Parse(schemaText)!["properties"]!.AsObject().Select(p => p.Key).ToList();
        var fitting = members.ToDictionary(m => m, m => Values.Where(v =>
            schema.Validate(Encoding.UTF8.GetBytes($$"""{"{{m}}":{{v}}}""")).Errors.All(e => e.JsonPointer != $"/{m}" && !e.JsonPointer.StartsWith($"/{m}/", StringComparison.Ordinal))).ToList());
        Assert.That(fitting.Values, Has.All.Not.Empty);

        var random = new Random(7);
        for (var i = 0; i < 2_000; i++)
        {
            var json = $"{{{string.Join(",", members.Select(m => $"\"{m}\":{fitting[m][random.Next(fitting[m].Count)]}"))}}}";
            Assert.That(schema.Validate(Encoding.UTF8.GetBytes(json)).IsValid, Is.True, json);
            Assert.That(() => JsonSerializer.Deserialize<Everything>(json, MessagingJson.Payload), Throws.Nothing, json);
        }
    }

    [Test]
    public void Attributes_become_keywords()
    {
        var members = JsonNode.Parse(KindSchema.Of(typeof(Limited)))!["properties"]!;

        Assert.That(members["text"]!.ToJsonString(), Is.EqualTo("""{"description":"A text.","type":"string","minLength":2,"maxLength":4,"pattern":"^(?:a|b)$"}"""));
        Assert.That(members["many"]!.ToJsonString(), Is.EqualTo("""{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":9}"""));
        Assert.That(members["share"]!.ToJsonString(), Is.EqualTo("""{"type":["number","null"],"exclusiveMinimum":0,"maximum":0.5}"""));
        Assert.That(members["link"]!.ToJsonString(), Is.EqualTo("""{"type":"string","format":"uri"}"""));
    }

    [TestCase(typeof(RangeOfDurations), "Wait")]
    [TestCase(typeof(CardNumber), "CreditCard")]
    [TestCase(typeof(StructDefault), "nullable")]
    public void What_a_schema_can_not_say_is_refused(Type type, string named) =>
        Assert.That(() => KindSchema.Of(type), Throws.ArgumentException.With.Message.Contains(named).IgnoreCase);

    private enum Colour
    {
        Red,
        Green,
    }

    [JsonDerivedType(typeof(Dot), "dot"), JsonDerivedType(typeof(Line), "line")]
    private abstract record Shape(int X);

    private sealed record Dot(int X) : Shape(X);

    private sealed record Line(int X, int Y) : Shape(X);

    private sealed record Tree(string Name, IReadOnlyList<Tree>? Children = null);

    private sealed record Everything(
        bool Flag,
        byte Byte,
        sbyte SByte,
        short Short,
        ushort UShort,
        int Int,
        int? MaybeInt,
        uint UInt,
        long Long,
        ulong ULong,
        float Float,
        double Double,
        decimal Decimal,
        char Char,
        string Text,
        string? MaybeText,
        Guid Guid,
        Uri Uri,
        Version Version,
        DateTimeOffset At,
        DateTime Local,
        DateOnly Day,
        TimeOnly Time,
        TimeSpan Span,
        TimeSpan? MaybeSpan,
        byte[] Bytes,
        Colour Colour,
        Colour? MaybeColour,
        Shape Shape,
        int[] Ints,
        List<TimeSpan> Spans,
        TimeSpan?[] MaybeSpans,
        Dictionary<string, int> IntByName,
        Dictionary<string, TimeSpan> SpanByName,
        JsonElement Any,
        object Thing,
        Tree? Tree = null,
        TimeSpan? Later = null,
        Colour Default = Colour.Green);

    private sealed record Limited(
        [Description("A text."), StringLength(4, MinimumLength = 2), RegularExpression("a|b")] string Text,
        [MinLength(1), MaxLength(9)] IReadOnlyList<string> Many,
        [Range(0.0, 0.5, MinimumIsExclusive = true)] double? Share,
        [property: Url] string Link);

    private sealed record RangeOfDurations([Range(typeof(TimeSpan), "00:00", "01:00")] TimeSpan Wait);

    private sealed record CardNumber([CreditCard] string Number);

    private sealed record StructDefault(TimeSpan Wait = default);
}
