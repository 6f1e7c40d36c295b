using System.Text;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Integration.Http;

namespace Messaging.Tests.Integration.Sql;

/// <summary>What is too large for a row becomes a file by SQL, too, in the caller's transaction.</summary>
public sealed class SqlLargeInputTests : SqlSubmitTest
{
    // Characters of two bytes: the limits count bytes, and chunks cut through characters.
    private static readonly string Large = $$"""{"message":"x{{new string('é', 700_000)}}"}""";

    [Test]
    public async Task A_large_input_comes_back_whole_and_travels_as_a_reference()
    {
        var id = await SubmitAsync(input: Large);

        Assert.That(await Producer.ScalarAsync($"SELECT input FROM messaging.tasks WHERE id = '{id}'"), Does.StartWith("@file:").And.Length.EqualTo(42));
        Assert.That((await Producer.FindAsync(id)).Input.ToString(), Is.EqualTo(Large));
        var contents = Producer.Get<TaskContents>();
        Assert.That((await contents.LoadAsync([id], CancellationToken.None)).Single().Revision, Is.EqualTo(TaskContents.Elsewhere));
        Assert.That(Encoding.UTF8.GetString((await contents.LoadWholeAsync(id, CancellationToken.None))!.Input.Span), Is.EqualTo(Large));
    }

    [Test]
    public async Task The_file_is_as_if_it_had_come_over_HTTP()
    {
        var bySql = await SubmitAsync(input: Large);
        var overHttp = (await Producer.SubmitAsync(input: Large)).Id;

        Assert.That(await FileAsync(bySql), Is.EqualTo(await FileAsync(overHttp)).And.Length.GreaterThan(64));

        async Task<string> FileAsync(Guid task) => (string)(await Producer.ScalarAsync($"""
            SELECT concat_ws(' ', f.size, encode(f.sha256, 'hex'), f.chunk_bytes, f.media_type, f.name, f.expires_at, f.writer, f.completed_at IS NOT NULL,
                       (SELECT string_agg(c.n || ':' || length(c.data), ',' ORDER BY c.n) FROM messaging.file_chunks c WHERE c.file_id = f.id))
            FROM messaging.files f WHERE f.task_id = '{task}'
            """))!;
    }

    [Test]
    public async Task An_input_up_to_the_limit_stays_in_its_row()
    {
        var input = $$"""{"message":"{{new string('é', (LargeTexts.MostInline - 14) / 2)}}"}""";
        Assert.That(Encoding.UTF8.GetByteCount(input), Is.EqualTo(LargeTexts.MostInline));
        var inline = await SubmitAsync(input: input);
        var above = await SubmitAsync(input: input + " ");

        Assert.That(await Producer.ScalarAsync($"SELECT input FROM messaging.tasks WHERE id = '{inline}'"), Is.EqualTo(input));
        Assert.That((await FilesAsync(inline), await FilesAsync(above)), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task A_rollback_leaves_no_file_and_a_repetition_makes_none()
    {
        await using var connection = await ConnectAsync();
        var (files, chunks) = (await CountAsync("files"), await CountAsync("file_chunks"));
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await SubmitAsync(connection, input: Large);
            await transaction.RollbackAsync();
        }

        Assert.That((await CountAsync("files"), await CountAsync("file_chunks")), Is.EqualTo((files, chunks)));

        const string Options = """{"idempotencyKey":"large-by-sql"}""";
        var id = await SubmitAsync(connection, Options, Large);
        Assert.That(await SubmitAsync(connection, Options, Large), Is.EqualTo(id));
        using var overHttp = await Producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","input":{{Large}},"idempotencyKey":"large-by-sql"}""");
        Assert.That((await ProducerHarness.ReadAsync<TaskResponse>(overHttp)).Id, Is.EqualTo(id));
        Assert.That(await CountAsync("files"), Is.EqualTo(files + 1));
    }

    private async Task<long> FilesAsync(Guid task) => await CountAsync($"files WHERE task_id = '{task}'");
}
