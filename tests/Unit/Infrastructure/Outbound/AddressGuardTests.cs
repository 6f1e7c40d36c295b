using System.Net;
using Messaging.Infrastructure.Outbound;

namespace Messaging.Tests.Unit.Infrastructure.Outbound;

public sealed class AddressGuardTests
{
    [TestCase("8.8.8.8")]
    [TestCase("1.1.1.1")]
    [TestCase("172.15.255.255")]
    [TestCase("172.32.0.0")]
    [TestCase("100.63.255.255")]
    [TestCase("100.128.0.0")]
    [TestCase("192.167.255.255")]
    [TestCase("169.253.255.255")]
    [TestCase("223.255.255.255")]
    [TestCase("2606:4700::1111")]
    [TestCase("::ffff:8.8.8.8")]
    [TestCase("64:ff9b::808:808")]
    public void The_internet_is_public(string address) => Assert.That(AddressGuard.ScopeOf(IPAddress.Parse(address)), Is.EqualTo(AddressScope.Public));

    [TestCase("127.0.0.1")]
    [TestCase("127.255.255.254")]
    [TestCase("::1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("64:ff9b::7f00:1")]
    [TestCase("2002:7f00:1::")]
    public void This_machine_is_loopback(string address) => Assert.That(AddressGuard.ScopeOf(IPAddress.Parse(address)), Is.EqualTo(AddressScope.Loopback));

    [TestCase("10.0.0.1")]
    [TestCase("10.255.255.255")]
    [TestCase("172.16.0.1")]
    [TestCase("172.31.255.255")]
    [TestCase("192.168.1.1")]
    [TestCase("100.64.0.1")]
    [TestCase("100.127.255.255")]
    [TestCase("fc00::1")]
    [TestCase("fdff::1")]
    [TestCase("::ffff:10.0.0.1")]
    [TestCase("::ffff:192.168.1.1")]
    [TestCase("64:ff9b::a00:1")]
    public void Private_networks_are_private(string address) => Assert.That(AddressGuard.ScopeOf(IPAddress.Parse(address)), Is.EqualTo(AddressScope.Private));

    [TestCase("0.0.0.0")]
    [TestCase("0.1.2.3")]
    [TestCase("169.254.169.254")]
    [TestCase("168.63.129.16")]
    [TestCase("100.100.100.200")]
    [TestCase("fd00:ec2::254")]
    [TestCase("fd20:ce::254")]
    [TestCase("192.0.2.1")]
    [TestCase("198.18.0.1")]
    [TestCase("203.0.113.1")]
    [TestCase("224.0.0.1")]
    [TestCase("239.255.255.255")]
    [TestCase("240.0.0.1")]
    [TestCase("255.255.255.255")]
    [TestCase("::")]
    [TestCase("::7f00:1")]
    [TestCase("fe80::1")]
    [TestCase("fe80::1%1")]
    [TestCase("fec0::1")]
    [TestCase("ff02::1")]
    [TestCase("2001:0:1::1")]
    [TestCase("2001:db8::1")]
    [TestCase("64:ff9b:1::a00:1")]
    [TestCase("::ffff:169.254.169.254")]
    public void The_rest_is_special(string address) => Assert.That(AddressGuard.ScopeOf(IPAddress.Parse(address)), Is.EqualTo(AddressScope.Special));

    [TestCase("127.0.0.1", false, false, false)]
    [TestCase("127.0.0.1", true, false, true)]
    [TestCase("127.0.0.1", false, true, false)]
    [TestCase("10.0.0.1", false, false, false)]
    [TestCase("10.0.0.1", true, false, false)]
    [TestCase("10.0.0.1", false, true, true)]
    [TestCase("169.254.169.254", true, true, false)]
    [TestCase("168.63.129.16", true, true, false)]
    [TestCase("100.100.100.200", true, true, false)]
    [TestCase("fd00:ec2::254", true, true, false)]
    [TestCase("8.8.8.8", false, false, true)]
    public void Options_open_loopback_and_private_networks_alone(string address, bool allowLoopback, bool allowPrivate, bool allowed)
    {
        var rules = new AddressRules(allowLoopback, allowPrivate, "Messaging:Test");
        var ask = () => AddressGuard.Allowed("host.test", [IPAddress.Parse(address)], rules);
        if (allowed)
            Assert.That(ask(), Has.Length.EqualTo(1));
        else
            Assert.That(ask, Throws.InstanceOf<RefusedAddressException>().With.Message.Contains("host.test"));
    }

    [Test]
    public void Of_a_host_with_several_addresses_only_the_allowed_ones_are_left()
    {
        IPAddress[] addresses = [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("8.8.8.8"), IPAddress.Loopback];
        Assert.That(AddressGuard.Allowed("host.test", addresses, new AddressRules(false, false, "Messaging:Test")), Is.EqualTo([IPAddress.Parse("8.8.8.8")]));
    }
}
