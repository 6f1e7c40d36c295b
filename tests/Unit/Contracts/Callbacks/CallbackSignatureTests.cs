using System.Text;
using Messaging.Contracts.Callbacks;

namespace Messaging.Tests.Unit.Contracts.Callbacks;

/// <summary>The signature is that of Standard Webhooks: the vector is the one its libraries are tested with.</summary>
public sealed class CallbackSignatureTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const long Timestamp = 1614265330;
    private const string Signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    private static readonly byte[] Body = """{"test": 2432232314}"""u8.ToArray();
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(Timestamp);
    private static readonly byte[] Other = CallbackSecret.Create();

    private static byte[] Bytes => CallbackSecret.TryParse(Secret, out var bytes) ? bytes : throw new InvalidOperationException();

    [Test]
    public void The_published_vector_is_signed_as_published() =>
        Assert.That(CallbackSignature.Sign(Id, Timestamp, Body, [Bytes]), Is.EqualTo(Signature));

    [Test]
    public void While_a_secret_rotates_there_is_a_signature_for_each_and_either_is_enough()
    {
        var signed = CallbackSignature.Sign(Id, Timestamp, Body, [Other, Bytes]);

        Assert.That(signed.Split(' '), Has.Length.EqualTo(2).And.Some.EqualTo(Signature));
        Assert.That(Verify(signed, Bytes), Is.True);
        Assert.That(Verify(signed, Other), Is.True);
        Assert.That(Verify(signed, CallbackSecret.Create()), Is.False);
    }

    [Test]
    public void Whatever_is_changed_is_noticed()
    {
        Assert.That(Verify(Signature, Bytes), Is.True);
        Assert.That(CallbackSignature.Verify("msg_other", $"{Timestamp}", Signature, Body, Bytes, Now), Is.False);
        Assert.That(CallbackSignature.Verify(Id, $"{Timestamp + 1}", Signature, Body, Bytes, Now), Is.False);
        Assert.That(CallbackSignature.Verify(Id, $"{Timestamp}", Signature, Encoding.UTF8.GetBytes("{}"), Bytes, Now), Is.False);
    }

    [TestCase(301, false)]
    [TestCase(299, true)]
    [TestCase(-299, true)]
    [TestCase(-301, false)]
    public void What_is_too_old_or_too_new_may_be_a_replay(int seconds, bool taken) =>
        Assert.That(CallbackSignature.Verify(Id, $"{Timestamp}", Signature, Body, Bytes, Now.AddSeconds(seconds)), Is.EqualTo(taken));

    [TestCase(null)]
    [TestCase("")]
    [TestCase("v1")]
    [TestCase("v1,")]
    [TestCase("v1,%%%")]
    [TestCase("v1,AAAA")]
    [TestCase("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    public void What_is_no_signature_proves_nothing(string? signature) => Assert.That(Verify(signature, Bytes), Is.False);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("yesterday")]
    [TestCase("-1")]
    public void What_is_no_time_proves_nothing(string? timestamp) =>
        Assert.That(CallbackSignature.Verify(Id, timestamp, Signature, Body, Bytes, Now), Is.False);

    private static bool Verify(string? signature, byte[] secret) => CallbackSignature.Verify(Id, $"{Timestamp}", signature, Body, secret, Now);
}
