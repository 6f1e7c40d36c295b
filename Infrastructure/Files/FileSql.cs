namespace Messaging.Infrastructure.Files;

/// <summary>The statements on files and their chunks.</summary>
public static class FileSql
{
    /// <summary>Begins the input or result of a task. Nobody sees it yet.</summary>
    public const string Begin = """
        INSERT INTO messaging.files (id, task_id, writer, chunk_bytes, media_type, name, size) VALUES ($1, $2, $3, $4, $5, $6, $7)
        """;

    /// <summary>Begins an upload of $7 bytes, as far as is known, if all files together have no more than $8 then. Reads the table whole, one narrow row a file.</summary>
    public const string BeginUpload = """
        INSERT INTO messaging.files (id, task_id, writer, chunk_bytes, media_type, name, size)
        SELECT $1::uuid, $2::uuid, $3::uuid, $4::integer, $5::text, $6::text, $7::bigint
        WHERE $7::bigint <= $8::bigint - (SELECT coalesce(sum(f.size), 0) FROM messaging.files f WHERE f.expires_at IS NULL OR f.expires_at > now())
        """;

    /// <summary>Tells how many bytes of an upload there are, for the sum of all. Index: primary key.</summary>
    public const string Grow = "UPDATE messaging.files SET size = $2 WHERE id = $1 AND completed_at IS NULL";

    /// <summary>
    /// Adds a chunk. Refused (23503) if the file is gone. Its commit is not awaited: the one that completes the file is, and with it all before.
    /// </summary>
    public const string AddChunk = """
        INSERT INTO messaging.file_chunks (file_id, n, data)
        SELECT $1::uuid, $2::integer, $3::bytea FROM set_config('synchronous_commit', 'off', true)
        """;

    /// <summary>Makes a file visible, if nobody has cleaned it away meanwhile. $4: how long an upload stays. Index: primary key.</summary>
    public const string Complete = """
        UPDATE messaging.files f
        SET completed_at = now(), writer = NULL, size = $2, sha256 = $3, expires_at = CASE WHEN f.task_id IS NULL THEN now() + $4::interval END
        WHERE f.id = $1 AND f.completed_at IS NULL
        """ + " RETURNING " + Columns;

    /// <summary>One that is complete and has not expired. Index: primary key.</summary>
    public const string Find = "SELECT " + Columns + """
         FROM messaging.files f WHERE f.id = $1 AND f.completed_at IS NOT NULL AND (f.expires_at IS NULL OR f.expires_at > now())
        """;

    /// <summary>Uploads before $1, newest first. Index: primary key.</summary>
    public const string List = "SELECT " + Columns + """
         FROM messaging.files f
        WHERE f.id < $1 AND f.completed_at IS NOT NULL AND f.task_id IS NULL AND f.expires_at > now()
        ORDER BY f.id DESC LIMIT $2
        """;

    /// <summary>One chunk. Index: primary key of file_chunks.</summary>
    public const string Chunk = "SELECT c.data FROM messaging.file_chunks c WHERE c.file_id = $1 AND c.n = $2";

    /// <summary>How many bytes all files have that are not gone. Reads the table whole, one narrow row a file.</summary>
    public const string Total = "SELECT coalesce(sum(f.size), 0)::bigint FROM messaging.files f WHERE f.expires_at IS NULL OR f.expires_at > now()";

    /// <summary>
    /// Marks a file as gone, written to its end or not: it has expired, so nobody sees it, and it is complete, so nobody makes it so.
    /// Index: primary key.
    /// </summary>
    public const string Mark = "UPDATE messaging.files SET " + AsGone + " WHERE id = $1";

    /// <summary>Marks an upload that somebody could see. Index: primary key.</summary>
    public const string MarkUpload = "UPDATE messaging.files SET " + AsGone + """
         WHERE id = $1 AND task_id IS NULL AND completed_at IS NOT NULL AND expires_at > now() RETURNING name
        """;

    /// <summary>Marks the inputs and results of a task that is removed. Index: files_of_tasks.</summary>
    public const string MarkOfTask = "UPDATE messaging.files SET " + AsGone + " WHERE task_id = $1 RETURNING id";

    /// <summary>
    /// Marks what was begun and whose writer is gone; the minute is for a writer that is just saying that it lives. Index: files_incomplete.
    /// </summary>
    public const string MarkAbandoned = "UPDATE messaging.files f SET " + AsGone + """
         WHERE f.completed_at IS NULL AND f.created_at < now() - $1::interval AND NOT EXISTS (SELECT FROM messaging.workers w WHERE w.id = f.writer)
        """;

    /// <summary>
    /// Looks at the $4 files of tasks behind task $1, file $2, and marks those whose task is gone: dropped with its day, or never stored. The hour
    /// ($3) is for a task that is just being stored. Answers the last one that it has looked at, and how many are marked; no row: there are no
    /// more. Index: files_of_tasks, then the primary key of tasks, one partition per id.
    /// </summary>
    public const string MarkOfGoneTasks = """
        WITH page AS MATERIALIZED (
            SELECT f.id, f.task_id, f.created_at, f.expires_at FROM messaging.files f
            WHERE f.task_id IS NOT NULL AND (f.task_id, f.id) > ($1::uuid, $2::uuid) ORDER BY f.task_id, f.id LIMIT $4
        ), marked AS (
            UPDATE messaging.files f SET
        """ + " " + AsGone + """
             FROM page p
            WHERE f.id = p.id AND p.created_at < now() - $3::interval AND p.expires_at IS NULL
              AND (SELECT true FROM messaging.tasks t WHERE t.id = p.task_id LIMIT 1) IS NULL
            RETURNING f.id
        )
        SELECT p.task_id, p.id, (SELECT count(*) FROM marked) FROM page p ORDER BY p.task_id DESC, p.id DESC LIMIT 1
        """;

    /// <summary>Some that have expired or are marked, behind the first $1. Index: files_expiring.</summary>
    public const string Gone = "SELECT f.id FROM messaging.files f WHERE f.expires_at <= now() ORDER BY f.expires_at, f.id LIMIT 100 OFFSET $1";

    /// <summary>Deletes the chunks from $2 to before $3. Index: primary key of file_chunks.</summary>
    public const string EraseChunks = "DELETE FROM messaging.file_chunks WHERE file_id = $1 AND n >= $2 AND n < $3";

    /// <summary>The first chunk from $2 on. Index: primary key of file_chunks.</summary>
    public const string NextChunk = "SELECT n FROM messaging.file_chunks WHERE file_id = $1 AND n >= $2 ORDER BY n LIMIT 1";

    /// <summary>Deletes the row of a file whose chunks are deleted, or nearly: a writer that does not know yet may have added some. Index: primary keys.</summary>
    public const string Erase = "DELETE FROM messaging.files WHERE id = $1 AND expires_at <= now()";

    private const string AsGone = "completed_at = coalesce(completed_at, now()), expires_at = '-infinity'";

    private const string Columns = "f.id, f.media_type, f.name, f.size, f.sha256, f.chunk_bytes, f.created_at, f.expires_at, f.task_id";
}
