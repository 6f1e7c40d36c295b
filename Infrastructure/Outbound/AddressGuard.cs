using System.Net;

namespace Messaging.Infrastructure.Outbound;

/// <summary>
/// Decides which addresses a URL from outside may lead to. It is asked about resolved addresses at the moment of connecting, so neither a
/// name that points inside nor one that changes between check and connect gets through (server-side request forgery).
/// </summary>
public static class AddressGuard
{
    // https://www.iana.org/assignments/iana-ipv4-special-registry and …ipv6-special-registry
    private static readonly (IPNetwork Network, AddressScope Scope)[] Special =
    [
        (IPNetwork.Parse("127.0.0.0/8"), AddressScope.Loopback),
        (IPNetwork.Parse("::1/128"), AddressScope.Loopback),
        // Cloud metadata and control services that answer from private or public ranges: never, whatever is allowed.
        (IPNetwork.Parse("168.63.129.16/32"), AddressScope.Special), // Azure
        (IPNetwork.Parse("100.100.100.200/32"), AddressScope.Special), // Alibaba Cloud
        (IPNetwork.Parse("fd00:ec2::254/128"), AddressScope.Special), // AWS
        (IPNetwork.Parse("fd20:ce::254/128"), AddressScope.Special), // Google Cloud
        (IPNetwork.Parse("10.0.0.0/8"), AddressScope.Private),
        (IPNetwork.Parse("172.16.0.0/12"), AddressScope.Private),
        (IPNetwork.Parse("192.168.0.0/16"), AddressScope.Private),
        (IPNetwork.Parse("100.64.0.0/10"), AddressScope.Private), // carrier-grade NAT
        (IPNetwork.Parse("fc00::/7"), AddressScope.Private),
        (IPNetwork.Parse("0.0.0.0/8"), AddressScope.Special), // connects to this machine on Linux
        (IPNetwork.Parse("169.254.0.0/16"), AddressScope.Special), // link-local, cloud metadata
        (IPNetwork.Parse("192.0.0.0/24"), AddressScope.Special),
        (IPNetwork.Parse("192.0.2.0/24"), AddressScope.Special), // documentation
        (IPNetwork.Parse("192.88.99.0/24"), AddressScope.Special), // 6to4 relays
        (IPNetwork.Parse("198.18.0.0/15"), AddressScope.Special), // benchmarks
        (IPNetwork.Parse("198.51.100.0/24"), AddressScope.Special), // documentation
        (IPNetwork.Parse("203.0.113.0/24"), AddressScope.Special), // documentation
        (IPNetwork.Parse("224.0.0.0/4"), AddressScope.Special), // multicast
        (IPNetwork.Parse("240.0.0.0/4"), AddressScope.Special), // reserved, broadcast
    ];

    // Outside of it no IPv6 address is public: not ::, link-local fe80::/10, site-local fec0::/10, multicast ff00::/8.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] SpecialIPv6 =
    [
        IPNetwork.Parse("2001::/23"), // IETF protocols, Teredo
        IPNetwork.Parse("2001:db8::/32"), // documentation
        IPNetwork.Parse("3fff::/20"), // documentation
    ];

    // An IPv4 address stands inside these: at that byte.
    private static readonly (IPNetwork Network, int At)[] Embedding =
    [
        (IPNetwork.Parse("64:ff9b::/96"), 12), // NAT64
        (IPNetwork.Parse("2002::/16"), 2), // 6to4
    ];

    /// <summary>Where an address leads.</summary>
    public static AddressScope ScopeOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        // By itself: an IPNetwork judges a mapped address as now IPv4, now IPv6.
        if (address.IsIPv4MappedToIPv6)
            return ScopeOf(address.MapToIPv4());
        foreach (var (network, at) in Embedding)
        {
            if (network.Contains(address))
                return ScopeOf(new IPAddress(address.GetAddressBytes().AsSpan(at, 4)));
        }

        foreach (var (network, scope) in Special)
        {
            if (network.Contains(address))
                return scope;
        }

        if (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            return AddressScope.Public;
        return GlobalUnicast.Contains(address) && !Array.Exists(SpecialIPv6, n => n.Contains(address)) ? AddressScope.Public : AddressScope.Special;
    }

    /// <summary>Those of a host's addresses that may be connected to.</summary>
    /// <param name="host">The host as the URL names it, for the message.</param>
    /// <param name="addresses">What it resolved to.</param>
    /// <param name="rules">What this process allows.</param>
    /// <exception cref="RefusedAddressException">None of them may.</exception>
    public static IPAddress[] Allowed(string host, IPAddress[] addresses, AddressRules rules)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        ArgumentNullException.ThrowIfNull(rules);
        var allowed = Array.FindAll(addresses, a => ScopeOf(a) switch
        {
            AddressScope.Public => true,
            AddressScope.Loopback => rules.AllowLoopback,
            AddressScope.Private => rules.AllowPrivate,
            _ => false,
        });
        return allowed.Length > 0 || addresses.Length == 0 ? allowed : throw new RefusedAddressException(host, ScopeOf(addresses[0]), rules);
    }
}

/// <summary>Where an address leads.</summary>
public enum AddressScope
{
    /// <summary>Anywhere on the internet.</summary>
    Public,

    /// <summary>This machine.</summary>
    Loopback,

    /// <summary>A private network.</summary>
    Private,

    /// <summary>Nowhere a page should come from: link-local, multicast, reserved, documentation.</summary>
    Special,
}

/// <summary>Which addresses beside the public ones may be connected to.</summary>
/// <param name="AllowLoopback">This machine.</param>
/// <param name="AllowPrivate">Private networks.</param>
/// <param name="Section">Where that is set, for messages: <c>Messaging:HttpFetch</c>.</param>
public sealed record AddressRules(bool AllowLoopback, bool AllowPrivate, string Section);

/// <summary>A host that this process does not connect to.</summary>
public sealed class RefusedAddressException(string host, AddressScope scope, AddressRules rules) : Exception(scope switch
{
    AddressScope.Loopback => $"'{host}' is this machine, which is refused unless {rules.Section}:{nameof(AddressRules.AllowLoopback)} is set",
    AddressScope.Private => $"'{host}' is in a private network, which is refused unless {rules.Section}:{nameof(AddressRules.AllowPrivate)} is set",
    _ => $"'{host}' has a link-local, multicast or reserved address, which is refused",
});
