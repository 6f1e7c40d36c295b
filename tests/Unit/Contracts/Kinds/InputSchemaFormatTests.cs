using static Messaging.Tests.Unit.Contracts.Kinds.InputSchemaCheck;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class InputSchemaFormatTests
{
    [TestCase("duration", "PT30S", true)]
    [TestCase("duration", "P2W", true)]
    [TestCase("duration", "PT0S", true)]
    [TestCase("duration", "-PT1S", false)]
    [TestCase("duration", "P1Y", false)]
    [TestCase("duration", "30", false)]
    [TestCase("duration", "", false)]
    [TestCase("date-time", "2030-01-31T08:00:00Z", true)]
    [TestCase("date-time", "2030-01-31T08:00:00.123456+01:00", true)]
    [TestCase("date-time", "2030-01-31T08:00:00-11:30", true)]
    [TestCase("date-time", "2030-01-31T08:00:00", false)]
    [TestCase("date-time", "2030-01-31T08:00Z", false)]
    [TestCase("date-time", "2030-01-31", false)]
    [TestCase("date-time", "2030-02-31T08:00:00Z", false)]
    [TestCase("date-time", "2030-01-31 08:00:00Z", false)]
    [TestCase("date-time", "tomorrow, as soon as I can", false)]
    [TestCase("date", "2030-01-31", true)]
    [TestCase("date", "2030-02-30", false)]
    [TestCase("date", "30-01-2031", false)]
    [TestCase("time", "08:00:00", true)]
    [TestCase("time", "23:59:59.9999999", true)]
    [TestCase("time", "24:00:00", false)]
    [TestCase("time", "8:00", false)]
    [TestCase("uuid", "0197a1b2-3c4d-7e5f-8a6b-7c8d9e0f1a2b", true)]
    [TestCase("uuid", "0197A1B2-3C4D-7E5F-8A6B-7C8D9E0F1A2B", true)]
    [TestCase("uuid", "0197a1b23c4d7e5f8a6b7c8d9e0f1a2b", false)]
    [TestCase("uuid", "{0197a1b2-3c4d-7e5f-8a6b-7c8d9e0f1a2b}", false)]
    [TestCase("uri", "https://example.org/a?b#c", true)]
    [TestCase("uri", "mailto:a@example.org", true)]
    [TestCase("uri", "/etc/passwd", false)]
    [TestCase("uri", "example.org", false)]
    [TestCase("uri", "", false)]
    public void A_format_is_checked(string format, string text, bool fits) =>
        Assert.That(Fits($$"""{"format":"{{format}}"}""", $"\"{text}\""), Is.EqualTo(fits));

    [TestCase("AAEC", true)]
    [TestCase("AAE=", true)]
    [TestCase("", true)]
    [TestCase("AAE", false)]
    [TestCase("AA-_", false)]
    [TestCase("\\u0041AEC", true)]
    public void Base64_is_checked(string text, bool fits) =>
        Assert.That(Fits("""{"type":"string","contentEncoding":"base64"}""", $"\"{text}\""), Is.EqualTo(fits));

    [Test]
    public void A_format_applies_to_strings_alone() => Assert.That(Fits("""{"format":"uuid"}""", "1"), Is.True);

    [Test]
    public void The_message_shows_how_it_is_written() =>
        Assert.That(Errors("""{"format":"duration"}""", "\"soon\""), Is.EqualTo([": Must be an ISO 8601 duration that is not negative, such as PT30S."]));

    [Test]
    public void A_long_string_is_no_duration() => Assert.That(Fits("""{"format":"duration"}""", $"\"PT{new string('0', 100_000)}S\""), Is.False);
}
