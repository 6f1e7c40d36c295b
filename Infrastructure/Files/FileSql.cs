namespace Messaging.Infrastructure.Files;

/// <summary>The statements on files and their chunks.</summary>
public static class FileSql
{
    /// <summary>Begins a file. Nobody sees it yet.</summary>
    public const string Begin = """
        INSERT INTO messaging.files (id, task_id, writer, chunk_bytes, media_type, name) VALUES ($1, $2, $3, $4, $5, $6)
        """;

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

    /// <summary>How many bytes all files have. Reads the table whole, one narrow row a file.</summary>
    public const string Total = "SELECT coalesce(sum(f.size), 0)::bigint FROM messaging.files f";

    /// <summary>Deletes one with its chunks. Index: primary keys.</summary>
    public const string Delete = "DELETE FROM messaging.files WHERE id = $1";

    /// <summary>Deletes an upload with its chunks. Index: primary keys.</summary>
    public const string DeleteUpload = "DELETE FROM messaging.files WHERE id = $1 AND task_id IS NULL AND completed_at IS NOT NULL RETURNING name";

    /// <summary>Deletes the input and result of a task that is removed. Index: files_of_tasks.</summary>
    public const string DeleteOfTask = "DELETE FROM messaging.files WHERE task_id = $1";

    /// <summary>
    /// Deletes some that were begun and whose writer is gone; the minute is for a writer that is just saying that it lives.
    /// Index: files_incomplete.
    /// </summary>
    public const string DeleteAbandoned = """
        DELETE FROM messaging.files WHERE id IN (
            SELECT f.id FROM messaging.files f
            WHERE f.completed_at IS NULL AND f.created_at < now() - $1::interval AND NOT EXISTS (SELECT FROM messaging.workers w WHERE w.id = f.writer)
            LIMIT 4)
        """;

    /// <summary>Deletes some that have expired. Index: files_expiring.</summary>
    public const string DeleteExpired = """
        DELETE FROM messaging.files WHERE id IN (SELECT f.id FROM messaging.files f WHERE f.expires_at <= now() ORDER BY f.expires_at LIMIT 4)
        """;

    /// <summary>
    /// Deletes some whose task is gone: dropped with its day, or never stored. The hour is for a task that is just being stored.
    /// Index: files_of_tasks, then the primary key of tasks, one partition per id.
    /// </summary>
    public const string DeleteOfGoneTasks = """
        DELETE FROM messaging.files WHERE id IN (
            SELECT f.id FROM messaging.files f
            WHERE f.task_id IS NOT NULL AND f.created_at < now() - $1::interval AND NOT EXISTS (SELECT FROM messaging.tasks t WHERE t.id = f.task_id)
            LIMIT 4)
        """;

    private const string Columns = "f.id, f.media_type, f.name, f.size, f.sha256, f.chunk_bytes, f.created_at, f.expires_at, f.task_id";
}
