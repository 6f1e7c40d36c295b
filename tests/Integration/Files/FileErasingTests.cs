using System.Net;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Tests.Integration.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Files;

/// <summary>Files of any size are deleted, whatever comes in between.</summary>
[CancelAfter(60_000)]
public sealed class FileErasingTests
{
    /// <summary>A disk on which no statement gets further than so many chunks before its time is over.</summary>
    private const string SlowDisk = """
        CREATE FUNCTION messaging.slow_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (SELECT count(*) FROM erased) > 32 THEN
                RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = '57014';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER slow_disk AFTER DELETE ON messaging.file_chunks REFERENCING OLD TABLE AS erased FOR EACH STATEMENT EXECUTE FUNCTION messaging.slow_disk()
        """;

    [Test]
    public async Task A_file_that_no_statement_could_delete_whole_is_gone_at_once_and_deleted_soon()
    {
        await using var producer = await StartQuietAsync();
        await producer.ScalarAsync(SlowDisk);
        var id = await AddAsync(producer, chunks: 200);

        using var deleted = await producer.Client.DeleteAsync(new Uri($"/v1/files/{id}", UriKind.Relative));
        using var gone = await producer.GetAsync($"/v1/files/{id}");
        using var again = await producer.Client.DeleteAsync(new Uri($"/v1/files/{id}", UriKind.Relative));
        using var list = await producer.GetAsync("/v1/files");

        Assert.That(deleted.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await ProblemAsync(gone, HttpStatusCode.NotFound, ProblemTypes.UnknownFile);
        await ProblemAsync(again, HttpStatusCode.NotFound, ProblemTypes.UnknownFile);
        Assert.That((await ReadAsync<Page<FileResponse>>(list)).Items, Is.Empty);
        Assert.That(await CountAsync(producer, "file_chunks"), Is.EqualTo(200 - FileEraser.ChunksAtOnce), "whoever asks waits for no more");
        Assert.That(await CleanAsync(producer), Is.EqualTo(1));
        Assert.That((await CountAsync(producer, "files"), await CountAsync(producer, "file_chunks")), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task Files_that_can_not_be_deleted_hold_up_no_others_and_are_tried_again()
    {
        await using var producer = await StartQuietAsync();
        for (var hours = 9; hours > 0; hours--)
            await AddAsync(producer, chunks: 100, expires: $"now() - interval '{hours} hours'");
        await producer.ScalarAsync("""
            CREATE TABLE messaging.bad AS SELECT id FROM messaging.files ORDER BY expires_at LIMIT 5;
            CREATE FUNCTION messaging.bad_disk() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF old.n >= 70 AND EXISTS (SELECT FROM messaging.bad WHERE id = old.file_id) THEN
                    RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = '57014';
                END IF;
                RETURN old;
            END $$;
            CREATE TRIGGER bad_disk BEFORE DELETE ON messaging.file_chunks FOR EACH ROW EXECUTE FUNCTION messaging.bad_disk()
            """);

        Assert.That(await CleanAsync(producer), Is.EqualTo(4));
        Assert.That(await CountAsync(producer, "files"), Is.EqualTo(5));
        Assert.That(await CountAsync(producer, "file_chunks"), Is.EqualTo(5 * 36), "what was done is done");
        await producer.ScalarAsync("DROP TRIGGER bad_disk ON messaging.file_chunks");
        Assert.That(await CleanAsync(producer), Is.EqualTo(5));
        Assert.That((await CountAsync(producer, "files"), await CountAsync(producer, "file_chunks")), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task What_a_dead_process_has_begun_of_a_large_file_goes_the_same_way()
    {
        await using var producer = await StartQuietAsync();
        await producer.ScalarAsync(SlowDisk);
        var id = await AddAsync(producer, chunks: 100);
        await producer.ScalarAsync($"UPDATE messaging.files SET completed_at = NULL, expires_at = NULL, writer = '{Guid.NewGuid()}' WHERE id = '{id}'");

        Assert.That(await producer.Get<FileKeeper>().CleanAsync(TimeSpan.Zero, null, CancellationToken.None), Is.EqualTo(1));
        Assert.That((await CountAsync(producer, "files"), await CountAsync(producer, "file_chunks")), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task All_files_of_tasks_are_looked_at_once_and_those_of_gone_tasks_deleted()
    {
        await using var producer = await StartQuietAsync();
        var task = await producer.SubmitAsync();
        await producer.ScalarAsync($"""
            WITH ids AS (SELECT n, CASE WHEN n % 10 = 0 THEN '{task.Id}'::uuid ELSE md5((n / 3)::text)::uuid END AS task FROM generate_series(0, 1199) n)
            INSERT INTO messaging.files (id, created_at, completed_at, task_id, chunk_bytes, media_type)
            SELECT gen_random_uuid(), now() - interval '2 hours', now(), task, 10, 'application/json' FROM ids
            """);

        Assert.That(
            await producer.Get<FileKeeper>().CleanAsync(FileKeeper.WriterGrace, TimeSpan.FromHours(1), CancellationToken.None), Is.EqualTo(1080));
        Assert.That(await CountAsync(producer, $"files WHERE task_id = '{task.Id}' AND expires_at IS NULL"), Is.EqualTo(120));
        Assert.That(await CountAsync(producer, "files"), Is.EqualTo(120));
    }

    /// <summary>A producer whose keeper does nothing by itself any more, also not the rest of a turn that it has taken.</summary>
    private static async Task<ProducerHarness> StartQuietAsync()
    {
        var producer = await StartAsync();
        await producer.Get<FileKeeper>().StopAsync(CancellationToken.None);
        return producer;
    }

    private static Task<int> CleanAsync(ProducerHarness producer) =>
        producer.Get<FileKeeper>().CleanAsync(FileKeeper.WriterGrace, null, CancellationToken.None);

    /// <summary>An upload of many chunks of a byte: how many there are is what matters.</summary>
    private static async Task<Guid> AddAsync(ProducerHarness producer, int chunks, string expires = "now() + interval '1 day'")
    {
        var id = Guid.NewGuid();
        await producer.ScalarAsync($"""
            INSERT INTO messaging.files (id, completed_at, expires_at, size, sha256, chunk_bytes, media_type)
            VALUES ('{id}', now(), {expires}, {chunks}, '\x00', 1, 'image/png')
            """);
        await producer.ScalarAsync($"INSERT INTO messaging.file_chunks SELECT '{id}', n, 'x' FROM generate_series(0, {chunks - 1}) n");
        return id;
    }

    private static async Task<long> CountAsync(ProducerHarness producer, string from) => (long)(await producer.ScalarAsync($"SELECT count(*) FROM messaging.{from}"))!;
}
