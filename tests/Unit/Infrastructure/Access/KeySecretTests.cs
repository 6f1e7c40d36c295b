using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;

namespace Messaging.Tests.Unit.Infrastructure.Access;

public sealed class KeySecretTests
{
    [Test]
    public void A_key_is_long_unlike_others_and_fits_its_hash_alone()
    {
        var keys = Enumerable.Range(0, 1_000).Select(_ => KeySecret.Create()).ToArray();
        Assert.That(keys.Select(k => k.Key), Is.Unique.And.All.Match("^msg_[a-km-z2-9]{10}_[a-km-z2-9]{52}$"));
        foreach (var (id, key, hash) in keys.Take(10))
        {
            Assert.That(KeySecret.TryRead(key, out var read), Is.True);
            Assert.That(read, Is.EqualTo(id));
            Assert.That(KeySecret.Fits(key, hash), Is.True);
            Assert.That(KeySecret.Fits(keys[^1].Key, hash), Is.False);
            Assert.That(hash, Has.Length.EqualTo(32));
        }
    }

    [Test]
    public void A_hash_fits_whole_or_not_at_all()
    {
        var (_, key, hash) = KeySecret.Create();
        for (var at = 0; at < hash.Length; at++)
        {
            var other = (byte[])hash.Clone();
            other[at] ^= 1;
            Assert.That(KeySecret.Fits(key, other), Is.False, $"byte {at} is another");
            Assert.That(KeySecret.Fits(key, hash.AsSpan(0, at)), Is.False, $"{at} bytes");
        }
    }

    [TestCase("")]
    [TestCase("msg_")]
    [TestCase("msg_aaaaaaaaaa_")]
    [TestCase("msg_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [TestCase("msg_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [TestCase("msg_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé")]
    [TestCase("msg_aaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [TestCase("key_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [TestCase("msg_AAAAAAAAAA_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void What_can_be_no_key_is_seen_at_once(string text) => Assert.That(KeySecret.TryRead(text, out _), Is.False);

    [Test]
    public void Admin_includes_all_scopes_and_no_other_includes_another()
    {
        ApiScopes[] all = [ApiScopes.Submit, ApiScopes.Read, ApiScopes.Operate, ApiScopes.Admin];
        foreach (var held in all)
        {
            foreach (var needed in all)
                Assert.That(held.Include(needed), Is.EqualTo(held == needed || held == ApiScopes.Admin), $"{held} for {needed}");
        }
    }
}
