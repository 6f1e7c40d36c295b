using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Audit;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Faults;
using Npgsql;

namespace Messaging.Tests.Integration.Access;

/// <summary>How long a process believes what it has read.</summary>
[CancelAfter(60_000)]
public sealed class KeyCatalogTests
{
    private static readonly OnBehalf Nobody = new(new Actor("cli", "a test", null));

    [Test]
    public async Task A_revoked_key_stops_working_in_other_processes_within_the_bound()
    {
        await using var one = await ProducerHarness.StartAsync();
        await using var other = await ProducerHarness.StartOnAsync(Postgres(one), null);
        var created = await one.Get<KeyStore>().CreateAsync(new NewKey("me", ApiScopes.Admin), Nobody, CancellationToken.None);
        var catalog = other.Get<KeyCatalog>();
        Assert.That((await catalog.CheckAsync(created.Secret!, CancellationToken.None)).State, Is.EqualTo(KeyState.Valid), "found at once");

        await one.Get<KeyStore>().RevokeAsync(created.Key!.Id, Nobody, CancellationToken.None);
        await Eventually.GetAsync(
            async _ => (await catalog.CheckAsync(created.Secret!, CancellationToken.None)).State, state => state == KeyState.Unknown, KeyCatalog.LongestAge);
    }

    [Test]
    public async Task A_process_cut_off_from_the_ledger_soon_believes_no_key()
    {
        await using var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync);
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = new TcpProxy(server.Port);
        server.Port = proxy.Port;
        await using var producer = await ProducerHarness.StartOnAsync(server.ConnectionString, null);
        var created = await producer.Get<KeyStore>().CreateAsync(new NewKey("me", ApiScopes.Admin), Nobody, CancellationToken.None);
        var catalog = producer.Get<KeyCatalog>();
        Assert.That((await catalog.CheckAsync(created.Secret!, CancellationToken.None)).State, Is.EqualTo(KeyState.Valid));

        proxy.Refuse();
        proxy.Cut();
        await Eventually.GetAsync(
            async _ => (await catalog.CheckAsync(created.Secret!, CancellationToken.None)).State,
            state => state == KeyState.Undecided,
            KeyCatalog.LongestAge + TimeSpan.FromSeconds(2));
        proxy.Resume();
        await Eventually.GetAsync(async _ => (await catalog.CheckAsync(created.Secret!, CancellationToken.None)).State, state => state == KeyState.Valid);
    }

    private static string Postgres(ProducerHarness producer) =>
        producer.Get<Microsoft.Extensions.Options.IOptions<Infrastructure.Store.Connections.LedgerOptions>>().Value.Postgres;
}
