using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.DeadLetters;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.DeadLetters;

/// <summary>
/// Looks at dead letters of several kinds and causes, more than the first chunk of a walk holds. What each look must find is asked in the
/// plainest way, of every task by itself.
/// </summary>
public sealed class DeadLettersOfManyKindsTests : DeadLetterTest
{
    private static readonly DeadLetterFilter[] Filters =
    [
        new(),
        new(Kind: "kind.0"),
        new(Kind: "kind.1"),
        new(Kind: "kind.2"),
        new(Kind: "rare"),
        new(Kind: "none"),
        new(Queue: "side"),
        new(Tag: "red"),
        new(Kind: "kind.1", Queue: "side"),
        new(Kind: "kind.2", Queue: "side", Tag: "red"),
        new(Kind: "kind.0", Fingerprint: "00000000000000a1"),
        new(Kind: "kind.1", Fingerprint: "00000000000000a1"),
    ];

    [SetUp]
    public Task Store() => StoreManyKindsAsync();

    [Test]
    public async Task Groups_hold_what_matches_whichever_chunk_it_is_in([ValueSource(nameof(Filters))] DeadLetterFilter filter)
    {
        var groups = await Search.GroupAsync(filter, 10, CancellationToken.None);

        Assert.That(groups.Groups.Select(Line), Is.EqualTo(await AskAsync($"""
            SELECT concat_ws(' ', c.fingerprint, count(*), {Text("min(c.finished_at)")}, {Text("max(c.finished_at)")},
                             array_to_string((array_agg(c.task_id ORDER BY c.finished_at DESC, c.task_id DESC))[1:5], ','))
            {Matching(filter)} GROUP BY c.fingerprint ORDER BY count(*) DESC, max(c.finished_at) DESC
            """)));
        Assert.That((groups.Found, groups.SearchedUntil), Is.EqualTo((groups.Groups.Count, default(DateTimeOffset?))));
    }

    [Test]
    public async Task Pages_and_counts_hold_what_matches([ValueSource(nameof(Filters))] DeadLetterFilter filter)
    {
        var seen = new List<string>();
        DeadLetterPosition? after = null;
        do
        {
            var page = await Search.ListAsync(filter, after, 1_000, CancellationToken.None);
            seen.AddRange(page.Items.Select(t => t.Id.ToString()));
            after = page.Next;
        }
        while (after is not null);
        var count = await Search.CountAsync(filter, CancellationToken.None);

        var right = await AskAsync($"SELECT c.task_id::text {Matching(filter)} ORDER BY c.finished_at DESC, c.task_id DESC");
        Assert.That(seen, Is.EqualTo(right));
        Assert.That((count.Count, count.IsExact), Is.EqualTo(((long)right.Count, true)));
        Assert.That(count.Sample.Select(t => t.Id.ToString()), Is.EqualTo(right.Take(DeadLetterSearch.SampleSize)));
    }

    private static string Line(DeadLetterGroup group) => string.Join(
        ' ', group.Fingerprint, group.Count, $"{group.FirstSeen:HH:mm:ss.ffffff}", $"{group.LastSeen:HH:mm:ss.ffffff}", string.Join(',', group.Samples.Select(s => s.Id)));

    private static string Text(string time) => $"to_char({time} AT TIME ZONE 'UTC', 'HH24:MI:SS.US')";

    private static string Matching(DeadLetterFilter filter) => $"""
        FROM messaging.outcomes c JOIN messaging.tasks t ON t.id = c.task_id
        WHERE c.state = 5 AND t.kind = {Or(filter.Kind, "t.kind")} AND t.queue = {Or(filter.Queue, "t.queue")}
          AND c.fingerprint = {Or(filter.Fingerprint, "c.fingerprint")} AND {(filter.Tag is { } tag ? $"'{tag}' = ANY (t.tags)" : "true")}
        """;

    private static string Or(string? value, string any) => value is null ? any : $"'{value}'";

    private async Task<List<string>> AskAsync(string sql)
    {
        // Of the pool for background loops, which plans as usual.
        await using var command = Ledger.Services.GetRequiredService<LedgerConnections>().Control.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return lines;
    }
}
