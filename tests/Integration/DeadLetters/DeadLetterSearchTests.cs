using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Finish;
using Npgsql;

namespace Messaging.Tests.Integration.DeadLetters;

public sealed class DeadLetterSearchTests : DeadLetterTest
{
    [Test]
    public async Task Pages_join_without_gap_or_overlap_the_last_to_fail_first()
    {
        var ids = await FailAsync(25);
        var seen = new List<Guid>();
        DeadLetterPosition? after = null;
        do
        {
            var page = await Search.ListAsync(new DeadLetterFilter(), after, 10, CancellationToken.None);
            seen.AddRange(page.Items.Select(t => t.Id));
            after = page.Next is { } next && DeadLetterPosition.TryParse(next.ToString(), out var read) ? read : null;
            Assert.That(page.CutShort, Is.False);
        }
        while (after is not null);

        Assert.That(seen, Is.EquivalentTo(ids));
        Assert.That(seen, Is.Unique);
    }

    [Test]
    public async Task Each_filter_narrows()
    {
        var old = (await FailAsync(1, fingerprint: "0000000000000001"))[0];
        await Ledger.ExecuteAsync($"UPDATE messaging.outcomes SET finished_at = now() - interval '2 hours'");
        var (tagged, claim) = await TaggedAsync();
        await Ledger.Finish.FinishAsync(new Ended(tagged, claim, 1, TaskState.Failed, null, Broken) { Fingerprint = "0000000000000002" }, CancellationToken.None);
        var hourAgo = Ledger.Clock.Now - TimeSpan.FromHours(1);

        Assert.That(await FindAsync(new(Kind: "other.kind")), Is.EqualTo(new[] { tagged }));
        Assert.That(await FindAsync(new(Queue: "side")), Is.EqualTo(new[] { tagged }));
        Assert.That(await FindAsync(new(Tag: "red")), Is.EqualTo(new[] { tagged }));
        Assert.That(await FindAsync(new(Fingerprint: "0000000000000002")), Is.EqualTo(new[] { tagged }));
        Assert.That(await FindAsync(new(FinishedAfter: hourAgo)), Is.EqualTo(new[] { tagged }));
        Assert.That(await FindAsync(new(FinishedBefore: hourAgo)), Is.EqualTo(new[] { old }));
        Assert.That(await FindAsync(new(Kind: "other.kind", Fingerprint: "0000000000000001")), Is.Empty);
        Assert.That(await FindAsync(new()), Is.EqualTo(new[] { tagged, old }));
    }

    [Test]
    public async Task Groups_come_largest_first_with_their_bounds_and_samples()
    {
        await FailAsync(3, Broken with { Message = "one" }, "000000000000000a");
        var large = await FailAsync(8, Broken with { Message = "two" }, "000000000000000b");

        var groups = await Search.GroupAsync(new DeadLetterFilter(), 10, CancellationToken.None);
        Assert.That(groups.Groups.Select(g => (g.Fingerprint, g.Count)), Is.EqualTo(new[] { ("000000000000000b", 8L), ("000000000000000a", 3L) }));
        Assert.That((groups.Found, groups.SearchedUntil), Is.EqualTo((2, default(DateTimeOffset?))));
        var first = groups.Groups[0];
        Assert.That(first.Samples, Has.Count.EqualTo(DeadLetterSearch.SampleSize));
        Assert.That(first.Samples.Select(s => s.Id), Is.SubsetOf(large));
        Assert.That(first.Samples[0].Failure!.Message, Is.EqualTo("two"));
        Assert.That(first.FirstSeen, Is.LessThanOrEqualTo(first.LastSeen));
        Assert.That((await Search.GroupAsync(new DeadLetterFilter(), 1, CancellationToken.None)) is { Groups.Count: 1, Found: 2 });
    }

    [Test]
    public async Task A_look_at_too_many_stops_and_says_where()
    {
        await Ledger.ExecuteAsync("""
            INSERT INTO messaging.outcomes (task_id, attempt, state, fingerprint, finished_at)
            SELECT (left(messaging.uuid_floor(now())::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, 1, 5, '000000000000000c', now() - n * interval '1 ms'
            FROM generate_series(1, 130000) n
            """);

        var groups = await Search.GroupAsync(new DeadLetterFilter(), 10, CancellationToken.None);
        var count = await Search.CountAsync(new DeadLetterFilter(), CancellationToken.None);
        var page = await Search.ListAsync(new DeadLetterFilter(Kind: "nowhere"), null, 10, CancellationToken.None);

        Assert.That(groups.SearchedUntil, Is.Not.Null);
        Assert.That(groups.Groups.Single().Count, Is.LessThan(130_000).And.GreaterThan(0));
        Assert.That(count.IsExact, Is.False);
        Assert.That(count.Count, Is.LessThan(130_000).And.GreaterThan(0));
        Assert.That((page.Items.Count, page.CutShort), Is.EqualTo((0, true)));
        Assert.That(page.Next, Is.Not.Null);
    }

    [TestCase(DeadLetterSql.NewestFirst, null, "finished_at")]
    [TestCase(DeadLetterSql.OldestFirst, null, "finished_at")]
    [TestCase(DeadLetterSql.NewestFirst, "000000000000000a", "fingerprint = ")]
    [TestCase(DeadLetterSql.OldestFirst, "000000000000000a", "fingerprint = ")]
    public async Task A_walk_reads_its_index_in_order_and_sorts_nothing(string sql, string? fingerprint, string condition)
    {
        await FailAsync(5, fingerprint: "000000000000000a");
        var plan = await PlanAsync(sql, fingerprint is null ? "NULL" : $"'{fingerprint}'");

        Assert.That(plan, Has.None.Match(@"^\W*Sort  \(").And.None.Contains("Seq Scan"), string.Join('\n', plan));
        Assert.That(plan, Has.Some.Match($"Index Cond: .*{condition}"), string.Join('\n', plan));
    }

    [TestCase(DeadLetterSql.NewestMatching)]
    [TestCase(DeadLetterSql.OldestMatching)]
    public async Task The_fingerprints_of_a_kind_are_a_hash_table_and_joined_with_nothing(string sql)
    {
        await FailAsync(5);
        var plan = await PlanAsync(sql, "NULL", "'debug.echo'", "NULL", "NULL");

        Assert.That(plan, Has.Some.Match("Filter: .*hashed SubPlan").And.None.Contains("Join").And.None.Contains("Nested Loop"), string.Join('\n', plan));
    }

    private async Task<List<string>> PlanAsync(string sql, string fingerprint, params string[] filter)
    {
        string[] values =
            [fingerprint, "'-infinity'", "'infinity'", "'2020-01-01'", "'00000000-0000-0000-0000-000000000000'", "100", .. filter];
        for (var i = values.Length; i > 0; i--)
            sql = sql.Replace($"${i}", values[i - 1], StringComparison.Ordinal);
        await using var connection = new NpgsqlConnection(Ledger.ConnectionString + ";Options=-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("EXPLAIN " + sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return lines;
    }

    private async Task<Guid[]> FindAsync(DeadLetterFilter filter) =>
        [.. (await Search.ListAsync(filter, null, 10, CancellationToken.None)).Items.Select(t => t.Id)];

    private async Task<(Guid Id, Fence Fence)> TaggedAsync()
    {
        var task = Ledger.NewTask(queue: "side", kind: "other.kind", tags: ["red"]);
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);
        var fence = new Fence(Guid.NewGuid(), 1);
        await Ledger.Claim.ClaimAsync(new ClaimRequest(task.Id, fence), CancellationToken.None);
        return (task.Id, fence);
    }
}
