using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;

namespace Messaging.Tests.Unit.Contracts.Callbacks;

public sealed class CallbackSecretTests
{
    [TestCase(23, false)]
    [TestCase(24, true)]
    [TestCase(64, true)]
    [TestCase(65, false)]
    public void A_secret_has_24_to_64_bytes(int bytes, bool taken)
    {
        var text = CallbackSecret.ToText(new byte[bytes]);
        Assert.That(CallbackSecret.TryParse(text, out var read), Is.EqualTo(taken));
        Assert.That(read?.Length, Is.EqualTo(taken ? bytes : (int?)null));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("whsec_")]
    [TestCase("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [TestCase("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [TestCase("whsec_not base64 at all, but quite long")]
    public void Nothing_else_is_one(string? text) => Assert.That(CallbackSecret.TryParse(text, out _), Is.False);

    [Test]
    public void A_new_one_is_like_no_other()
    {
        var (one, another) = (CallbackSecret.Create(), CallbackSecret.Create());
        Assert.That(one, Has.Length.EqualTo(32).And.Not.EqualTo(another));
    }

    [Test]
    public void A_request_that_is_printed_does_not_show_it()
    {
        var request = new CallbackRequest { Url = "https://example.com/", Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };
        Assert.That(request.ToString(), Does.Contain("example.com").And.Not.Contain("whsec"));
    }
}
