using System.Net;
using Messaging.Contracts.Callbacks;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Outbound;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Tests.Integration.Sql;

/// <summary>The rules of callbacks stand in C# and in SQL: both say the same of whatever they are asked.</summary>
public sealed class SqlCallbackRulesTests : SqlSubmitTest
{
    private static readonly string[] Hosts =
    [
        "example.com", "EXAMPLE.com", "a", "example.com.", "example..com", ".example.com", "-a.example", "_dmarc.example", "a._b.example", "a.b._c.example", "1._b.example", "a.-", "a1._", "a.b.c-.d_", "a-.example", "a_b", "",
        "bücher.example", "例え.jp", "ex ample.com", "ex%41mple.com", "exa$mple.com", "a,b.example", new('a', 63), new('a', 64), new('a', 300), new string('a', 64) + ".b",
        "localhost", "LocalHost", "localhost.", "api.localhost", "notlocalhost", "loopback", "loopback.", "localhost.example.com",
        "127.0.0.1", "127.0.0.1.", "127.1", "127.1.", "127.0.1", "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "0177.0x0.0.1", "017700000001", "127.0.0.01", "127.0.0.08",
        "1.2.3.4.5", "256.1.1.1", "1.2.3.256", "1.2.65536", "1.16777216", "4294967296", "4294967295", "0", "0x", "1.2.3.", "1..2", "8.8.8.8", "0x8.8.8.8", "10.0.0.1", "172.16.0.1",
        "172.32.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "255.255.255.255", "127。0。0。1", "127．0．0．1", "localhost。", "8.8.8.8a", "1e1",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::FFFF:10.0.0.1]", "[fd00::1]", "[fe80::1]", "[2606:4700::1111]", "[2001:db8::1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]", "[::1.2.3.4]",
        "[1.2.3.4]", "[::1", "::1", "[::g]", "[]", "[1:2:3:4:5:6:7:8:9]", "[2606:4700:0:0:0:0:0:1111]",
    ];

    [Test]
    public async Task An_address_is_refused_for_the_same_reason()
    {
        string[] odd =
        [
            "", " ", "/hooks", "example.com/hooks", "https:", "https:/", "https://", "https:///", "https:///x", "https:example.com", "https:/example.com", "file:///etc/passwd",
            "javascript:alert(1)", "http//example.com", "://example.com", "1http://example.com", "ht tp://example.com", "https://example.com\n", "https://exam\u0001ple.com",
            "https://example.com/\u007f", "https://example.com/😀", "https://example.com/\uffee", new('x', 2_001), "https://example.com/" + new string('x', 1_980),
            "https://example.com/" + new string('x', 1_981), "gopher://example.com/", "wss://example.com/", "https://a@b@c.example/", "https://example.com/@b", "https://example.com?@b", "https://:@example.com/",
        ];
        await AssertSameAsync([.. odd, .. Hosts.Where(host => host != "127.1.").SelectMany(host => new[] { $"https://{host}/", $"http://{host}" })], texts: true);
    }

    [Test]
    public async Task An_address_of_any_composition_is_taken_or_refused_alike()
    {
        var random = new Random(20_261_127);
        string[] schemes = ["https", "http", "HTTPS", "hTTp", "https", "ws"];
        string[] slashes = ["://", "://", "://", ":\\\\", ":/\\", ":/", ":///"];
        string[] users = ["", "", "", "@", "a@", "a:b@", ":@", "a b@", "ü@"];
        string[] ports = ["", "", ":80", ":", ":0", ":00080", ":65535", ":65536", ":0065536", ":99999999", ":x", ":8x", ":-1", ": 80"];
        string[] tails = ["", "/", "/hook?a=b", "?q", "#", "/#f", "?#", "/a b", "\\p", "/p\\q", "/%41%zz", "//", "/ü", "/..", " ", "/{}|^"];
        string[] urls = ["//example.com/", "mailto:a@example.com", "https://127.1./", .. Enumerable.Range(0, 20_000).Select(_ =>
            (random.Next(20) == 0 ? " " : "") + Of(schemes) + Of(slashes) + Of(users) + Of(Hosts) + Of(ports) + Of(tails)).Distinct()];

        await AssertSameAsync(urls, texts: false);

        string Of(string[] parts) => parts[random.Next(parts.Length)];
    }

    [Test]
    public async Task An_IP_address_leads_to_the_same_place()
    {
        var random = new Random(1);
        string[] networks =
        [
            "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::1/128", "fc00::/7", "2000::/3", "2001::/23", "2001:db8::/32", "3fff::/20", "64:ff9b::/96", "2002::/16",
            "::ffff:0:0/96", "fe80::/10", "fec0::/10", "ff00::/8", "64:ff9b:1::/48",
        ];
        await using var connection = await ConnectAsync();
        var edges = await QueryAsync(connection, """
            SELECT host(e.at) FROM unnest($1::text[]) n(net), LATERAL (VALUES
                (host(network(n.net::inet))::inet), (host(broadcast(n.net::inet))::inet),
                (CASE WHEN host(network(n.net::inet)) NOT IN ('0.0.0.0', '::') THEN host(network(n.net::inet))::inet - 1 END),
                (CASE WHEN host(broadcast(n.net::inet)) NOT IN ('255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff') THEN host(broadcast(n.net::inet))::inet + 1 END)) e(at)
            WHERE e.at IS NOT NULL
            """, networks);
        string[] addresses =
        [
            .. edges.OfType<string>(), .. Some(4, 2_000), .. Some(16, 500), .. Some(4, 500).Select(v4 => $"::ffff:{v4}"), .. Some(4, 500).Select(v4 => $"64:ff9b::{v4}"),
            .. Some(4, 500).Select(v4 => $"2002:{Convert.ToHexString(IPAddress.Parse(v4).GetAddressBytes()[..2])}:{Convert.ToHexString(IPAddress.Parse(v4).GetAddressBytes()[2..])}::1"),
        ];

        var scopes = await QueryAsync(connection, "SELECT messaging.address_scope(a::inet) FROM unnest($1::text[]) WITH ORDINALITY u(a, n) ORDER BY n", addresses);

        Assert.That(edges, Has.Length.GreaterThan(100));
        Assert.That(
            addresses.Zip(scopes).Where(pair => !string.Equals(AddressGuard.ScopeOf(IPAddress.Parse(pair.First)).ToString(), pair.Second, StringComparison.OrdinalIgnoreCase)), Is.Empty);
        Assert.That(scopes.Distinct(), Is.EquivalentTo(new[] { "public", "loopback", "private", "special" }));

        IEnumerable<string> Some(int bytes, int count)
        {
            for (var i = 0; i < count; i++)
            {
                var address = new byte[bytes];
                random.NextBytes(address);
                yield return new IPAddress(address).ToString();
            }
        }
    }

    [Test]
    public async Task A_secret_is_read_as_the_same_bytes_or_not_at_all()
    {
        var random = new Random(2);
        var made = Enumerable.Range(0, 80).Select(length =>
        {
            var secret = new byte[length];
            random.NextBytes(secret);
            return CallbackSecret.ToText(secret);
        }).ToArray();
        string[] secrets =
        [
            .. made, .. made.Select(s => s.TrimEnd('=')), .. made.Select(s => s + "="), .. made.Select(s => s.Insert(s.Length / 2, " \r\n\t")), .. made.Select(s => s.Insert(s.Length / 2, "=")),
            .. made.Select(s => s.Replace("whsec_", "WHSEC_", StringComparison.Ordinal)), .. made.Select(s => s + "!"), .. made.Select(s => s + "QUI="), .. made.Select(s => s.Replace('A', '-')),
            "", "whsec_", "whsec", "whsec_====", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_é", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAB==",
        ];
        await using var connection = await ConnectAsync();

        var read = await QueryAsync(connection, "SELECT encode(messaging.callback_secret(s), 'hex') FROM unnest($1::text[]) WITH ORDINALITY u(s, n) ORDER BY n", secrets);

        Assert.That(
            secrets.Zip(read).Where(pair => pair.Second != (CallbackSecret.TryParse(pair.First, out var secret) ? Convert.ToHexStringLower(secret) : null)), Is.Empty);
        Assert.That(read.Count(r => r is not null), Is.GreaterThan(80));
    }

    private async Task AssertSameAsync(string[] urls, bool texts)
    {
        await using var connection = await ConnectAsync();
        foreach (var allowed in new[] { false, true })
        {
            await using var transaction = await connection.BeginTransactionAsync(); // rolled back: the settings are the producer's
            await ExecuteAsync(connection, "DELETE FROM messaging.settings WHERE name LIKE 'callbacks.%'");
            if (allowed)
                await ExecuteAsync(connection, "INSERT INTO messaging.settings VALUES ('callbacks.allow-loopback', 'true'), ('callbacks.allow-private', 'true')");
            var said = await QueryAsync(connection, "SELECT messaging.callback_url_refusal(u.url) FROM unnest($1::text[]) WITH ORDINALITY u(url, n) ORDER BY n", urls);
            var options = new CallbackOptions { AllowLoopback = allowed, AllowPrivate = allowed };
            var different = urls.Zip(said)
                .Select(pair => (Url: pair.First, Sql: pair.Second, Http: CallbackUrl.Refusal(pair.First, options)))
                .Where(both => texts ? both.Sql != both.Http : (both.Sql is null) != (both.Http is null))
                .ToArray();
            Assert.That(different, Is.Empty);
            Assert.That(said.Count(refusal => refusal is null), Is.GreaterThan(said.Length / 50), "some are taken");
        }
    }

    private static async Task<string?[]> QueryAsync(NpgsqlConnection connection, string sql, string[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = values });
        var answers = new List<string?>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            answers.Add(reader.IsDBNull(0) ? null : reader.GetString(0));
        return [.. answers];
    }
}
