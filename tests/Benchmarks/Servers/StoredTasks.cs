using System.Globalization;
using System.Text;
using Messaging.Infrastructure.Migrations;
using Messaging.Tests.Benchmarks.Roles;
using Npgsql;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>How many finished tasks a ledger holds, and since when.</summary>
/// <param name="Tasks">In all.</param>
/// <param name="Days">Past days (UTC) that they are spread over, evenly; younger than the product's retention.</param>
/// <param name="TodayShare">So much of them is of today, up to 1: today's partition is where the hot path works.</param>
internal sealed record StoredShape(long Tasks, int Days, double TodayShare = 0.2)
{
    /// <summary>How many are of today.</summary>
    public long Today => (long)(Tasks * TodayShare);

    /// <summary>One of so many is of a rare kind, queue and tag.</summary>
    public long RareEvery => Math.Max(2, Tasks / 10);
}

/// <summary>
/// Fills a new ledger with finished tasks, straight into its tables: what the product would have left behind, rows in the order of their
/// ids, each partition vacuumed and analysed as autovacuum would have done by now.
/// </summary>
internal static class StoredTasks
{
    private const int ChunkSize = 100_000;

    /// <summary>A day's share of the tasks: numbers and times.</summary>
    private sealed record Part(DateTimeOffset From, DateTimeOffset To, long First, long Count, bool IsPast);

    /// <summary>Makes the schema and the tasks. Answers the time of the oldest one.</summary>
    /// <param name="postgres">An empty database.</param>
    /// <param name="shape">How many.</param>
    /// <param name="writers">Sessions that write at once.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<DateTimeOffset> FillAsync(string postgres, StoredShape shape, int writers, CancellationToken cancellationToken)
    {
        await MigrationRunner.MigrateAsync(postgres, cancellationToken);
        // A commit lost in a crash is no harm here, and nobody waits for one.
        await using var ledger = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(postgres) { CommandTimeout = 600, Options = "-c synchronous_commit=off" }.ConnectionString);
        var now = await NowAsync(ledger, cancellationToken);
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        await ExecuteAsync(ledger, StoredTasksSql.MakeDays, cancellationToken, DateOnly.FromDateTime(today.AddDays(-shape.Days).Date), shape.Days);

        // The largest first, so that the writers end together.
        var parts = new Queue<Part>(Split(shape, today, now).OrderByDescending(part => part.Count));
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(WriteAllAsync, cancellationToken)));
        await ExecuteAsync(ledger, StoredTasksSql.MarkChecked, cancellationToken, shape.Tasks);
        return today.AddDays(-shape.Days);

        async Task WriteAllAsync()
        {
            await using var session = await ledger.OpenConnectionAsync(cancellationToken);
            while (Next() is { } part)
                await WriteAsync(session, part, shape.RareEvery, cancellationToken);
        }

        Part? Next()
        {
            lock (parts)
                return parts.TryDequeue(out var part) ? part : null;
        }
    }

    private static IEnumerable<Part> Split(StoredShape shape, DateTimeOffset today, DateTimeOffset now)
    {
        var past = shape.Tasks - shape.Today;
        for (var day = 0; day < shape.Days; day++)
        {
            var (first, next) = (past * day / shape.Days, past * (day + 1) / shape.Days);
            var from = today.AddDays(day - shape.Days);
            yield return new Part(from, from.AddDays(1), first + 1, next - first, IsPast: true);
        }

        yield return new Part(today, now, past + 1, shape.Today, IsPast: false);
    }

    private static async Task WriteAsync(NpgsqlConnection session, Part part, long rareEvery, CancellationToken cancellationToken)
    {
        var input = Encoding.UTF8.GetString(Payload.Input(Payload.Text));
        await ExecuteAsync(session, StoredTasksSql.MakeChunkTable, cancellationToken);
        for (var done = 0L; done < part.Count; done += ChunkSize)
        {
            await ExecuteAsync(session, StoredTasksSql.EmptyChunk, cancellationToken);
            await ExecuteAsync(
                session,
                StoredTasksSql.FillChunk,
                cancellationToken,
                part.First + done,
                part.First + Math.Min(done + ChunkSize, part.Count) - 1,
                part.First,
                part.Count,
                part.From.UtcDateTime,
                part.To.UtcDateTime,
                rareEvery,
                part.IsPast);
            await ExecuteAsync(session, StoredTasksSql.InsertTasks, cancellationToken, input);
            await ExecuteAsync(session, StoredTasksSql.InsertOutcomes, cancellationToken, input[..^1] + ",\"attempt\":1}");
            await ExecuteAsync(session, StoredTasksSql.InsertAttempts, cancellationToken);
            await ExecuteAsync(session, StoredTasksSql.InsertTags, cancellationToken);
        }

        foreach (var table in (string[])["tasks", "outcomes", "attempts", "task_tags"])
        {
            var partition = string.Create(CultureInfo.InvariantCulture, $"messaging.{table}_{part.From.UtcDateTime:yyyyMMdd}");
            await ExecuteAsync(session, $"VACUUM (ANALYZE) {partition}", cancellationToken);
        }
    }

    private static async Task<DateTimeOffset> NowAsync(NpgsqlDataSource ledger, CancellationToken cancellationToken)
    {
        await using var command = ledger.CreateCommand("SELECT clock_timestamp()");
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource ledger, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var session = await ledger.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(session, sql, cancellationToken, values);
    }

    private static async Task ExecuteAsync(NpgsqlConnection session, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, session);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
