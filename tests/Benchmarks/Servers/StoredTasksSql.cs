namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>
/// The statements that make finished tasks of past days, chunk by chunk, from numbers alone. Every property follows from a hash of the
/// task's number, so that two databases of one size hold the same.
/// </summary>
internal static class StoredTasksSql
{
    /// <summary>One chunk before it goes into the ledger; of the session.</summary>
    public const string MakeChunkTable = """
        CREATE TEMP TABLE IF NOT EXISTS chunk (
            n bigint, id uuid, at timestamptz, kind text, queue text, state smallint, dice int, tags text[], fails boolean, cause text)
        """;

    /// <summary>Empties it.</summary>
    public const string EmptyChunk = "TRUNCATE pg_temp.chunk";

    /// <summary>
    /// Tasks $1 to $2, evenly over the time from $5 to $6, which holds $4 tasks from the number $3 on. With $8, one of $7 is of a rare kind,
    /// queue and tag. 97.5 % succeed, 1 % each fail and are cancelled, 0.5 % expire; a fifth has tags; 2 % of what succeeds failed first.
    /// </summary>
    public const string FillChunk = """
        INSERT INTO pg_temp.chunk (n, id, at, kind, queue, state, dice, tags, fails, cause)
        SELECT n,
               (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || 'a' || substr(h, 4, 15))::uuid,
               at,
               CASE WHEN rare THEN 'report.yearly' WHEN a < 60 THEN 'debug.echo' WHEN a < 85 THEN 'http.fetch' WHEN a < 97 THEN 'mail.send'
                    WHEN a < 99 THEN 'report.daily' ELSE 'image.resize' END,
               CASE WHEN rare THEN 'audits' WHEN a < 70 THEN 'default' WHEN a < 97 THEN 'mails' ELSE 'reports' END,
               CASE WHEN b % 1000 < 975 THEN 4 WHEN b % 1000 < 985 THEN 5 WHEN b % 1000 < 995 THEN 6 ELSE 7 END,
               b / 1000,
               CASE WHEN rare THEN ARRAY['audit'] WHEN b / 1000 % 10 = 0 THEN ARRAY['nightly', 'customer-' || n % 10000]
                    WHEN b / 1000 % 10 = 1 THEN ARRAY['customer-' || n % 10000] END,
               b % 1000 BETWEEN 975 AND 984 OR b % 1000 < 20,
               CASE WHEN b / 2000 % 2000 = 7 THEN 'rare' ELSE (b / 2000 % 20)::text END
        FROM (
            SELECT n, h, at, $8 AND n % $7 = 7 % $7 AS rare, ('x' || substr(h, 19, 7))::bit(28)::int % 100 AS a, ('x' || substr(h, 26, 7))::bit(28)::int AS b
            FROM (
                SELECT n, md5(n::text) AS h, $5::timestamptz + ($6::timestamptz - $5::timestamptz) * ((n - $3)::float8 / $4::float8) AS at
                FROM generate_series($1::bigint, $2::bigint) AS n) AS numbers) AS drawn
        """;

    /// <summary>$1: the input.</summary>
    public const string InsertTasks = """
        INSERT INTO messaging.tasks (id, created_at, timeout_ms, max_attempts, kind, queue, input, tags)
        SELECT id, at, 60000, 3, kind, queue, $1, tags FROM pg_temp.chunk ORDER BY id
        """;

    /// <summary>$1: the result of those that succeeded.</summary>
    public const string InsertOutcomes = """
        INSERT INTO messaging.outcomes
            (task_id, worker, claim_no, started_at, finished_at, attempt, state, result, failure, fingerprint, discarded_at)
        SELECT id, CASE WHEN state < 6 THEN '00000000-0000-4000-8000-000000000001'::uuid END, CASE WHEN state < 6 THEN n END,
               CASE WHEN state < 6 THEN at + interval '20 ms' END, at + (30 + dice % 500) * interval '1 ms',
               CASE WHEN state = 4 AND fails THEN 2 WHEN state = 5 THEN 3 WHEN state = 4 THEN 1 ELSE 0 END, state,
               CASE state WHEN 4 THEN $1 END,
               CASE state WHEN 5 THEN '{"code":"handler-error","message":"Cause ' || cause || '.","retryable":true}' END,
               CASE state WHEN 5 THEN messaging.fingerprint(kind, cause) END,
               CASE WHEN state = 5 AND dice / 10 % 2 = 0 THEN at + interval '1 minute' END
        FROM pg_temp.chunk ORDER BY id
        """;

    /// <summary>Failed attempts.</summary>
    public const string InsertAttempts = """
        INSERT INTO messaging.attempts (task_id, worker, claim_no, started_at, finished_at, attempt, outcome, failure)
        SELECT id, '00000000-0000-4000-8000-000000000001', n, at, at + interval '20 ms', 1, 'failed',
               '{"code":"handler-error","message":"Cause ' || cause || '.","retryable":true}'
        FROM pg_temp.chunk WHERE fails ORDER BY id
        """;

    /// <summary>Tags.</summary>
    public const string InsertTags = """
        INSERT INTO messaging.task_tags (task_id, tag) SELECT id, tag FROM pg_temp.chunk, unnest(tags) AS t(tag) ORDER BY tag, id
        """;

    /// <summary>Makes $2 days from $1 on.</summary>
    public const string MakeDays = "SELECT messaging.ensure_partitions($1::date, $2)";

    /// <summary>The ledger check has been here before: a ledger that grew day by day has nothing old that was never looked at.</summary>
    public const string MarkChecked = """
        UPDATE messaging.ledger_check SET recent = messaging.uuid_floor(now()), accepted = $1, ended = $1
        """;
}
