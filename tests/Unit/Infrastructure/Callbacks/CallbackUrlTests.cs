using Messaging.Infrastructure.Callbacks;

namespace Messaging.Tests.Unit.Infrastructure.Callbacks;

/// <summary>What is obviously forbidden is refused with the task.</summary>
public sealed class CallbackUrlTests
{
    [TestCase("https://example.com/hooks?a=b")]
    [TestCase("http://example.com:8080")]
    [TestCase("https://8.8.8.8/")]
    [TestCase("https://[2606:4700::1111]/")]
    [TestCase("https://bücher.example/hooks")]
    public void Web_addresses_are_taken(string url) => Assert.That(CallbackUrl.Refusal(url, new CallbackOptions()), Is.Null);

    [TestCase("", "address")]
    [TestCase("/hooks", "absolute")]
    [TestCase("example.com/hooks", "absolute")]
    [TestCase("ftp://example.com/", "scheme")]
    [TestCase("file:///etc/passwd", "absolute")]
    [TestCase("javascript:alert(1)", "absolute")]
    [TestCase("https://user:secret@example.com/", "password")]
    [TestCase("https://example.com/#part", "fragment")]
    [TestCase("https://example.com/\n", "characters")]
    [TestCase("http://127.0.0.1/", "AllowLoopback")]
    [TestCase("http://localhost:8080/", "AllowLoopback")]
    [TestCase("http://LOCALHOST./", "AllowLoopback")]
    [TestCase("http://api.localhost/", "AllowLoopback")]
    [TestCase("http://2130706433/", "AllowLoopback")]
    [TestCase("http://127.1/", "AllowLoopback")]
    [TestCase("http://[::1]/", "AllowLoopback")]
    [TestCase("http://[::ffff:127.0.0.1]/", "AllowLoopback")]
    [TestCase("http://10.0.0.1/", "AllowPrivate")]
    [TestCase("http://192.168.1.1/", "AllowPrivate")]
    [TestCase("http://[fd00::1]/", "AllowPrivate")]
    [TestCase("http://169.254.169.254/latest/meta-data/", "refused")]
    [TestCase("http://0.0.0.0/", "refused")]
    public void Others_are_refused_and_told_why(string url, string why) =>
        Assert.That(CallbackUrl.Refusal(url, new CallbackOptions()), Does.Contain(why));

    [Test]
    public void A_name_that_is_too_long_once_it_is_encoded_is_refused()
    {
        // 29 letters far apart: each takes several characters of the encoded label, which may have 63.
        var label = string.Concat(Enumerable.Range(0, 29).Select(i => (char)(0x4E00 + (i * 97))));
        Assert.That(CallbackUrl.Refusal($"https://{label}.example/", new CallbackOptions()), Does.Contain("IDNA"));
    }

    [Test]
    public void Too_long_is_refused() => Assert.That(CallbackUrl.Refusal("https://example.com/" + new string('x', 2_000), new CallbackOptions()), Does.Contain("2000"));

    [Test]
    public void What_is_allowed_is_taken()
    {
        var options = new CallbackOptions { AllowLoopback = true, AllowPrivate = true };
        Assert.That(CallbackUrl.Refusal("http://localhost:1/", options), Is.Null);
        Assert.That(CallbackUrl.Refusal("http://10.0.0.1/", options), Is.Null);
        Assert.That(CallbackUrl.Refusal("http://169.254.169.254/", options), Is.Not.Null);
    }
}
