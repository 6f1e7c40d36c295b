using System.Net;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using Npgsql;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Files;

/// <summary>Inputs and results that are too large for a row become files, and nobody notices.</summary>
public sealed class LargeTextTests : ProducerTest
{
    private static readonly string LargeInput = $$"""{"message":"{{new string('x', 700_000)}}"}""";

    [Test]
    public async Task A_large_input_comes_back_whole_and_travels_as_a_reference()
    {
        var task = await Producer.SubmitAsync(input: LargeInput);
        Assert.That(task.Input.ToString(), Is.EqualTo(LargeInput), "in the answer");
        Assert.That(await StoredAsync("input", "tasks", "id", task.Id), Does.StartWith("@file:").And.Length.EqualTo(42));
        Assert.That((await Producer.FindAsync(task.Id)).Input.ToString(), Is.EqualTo(LargeInput));

        var contents = Producer.Get<TaskContents>();
        var copy = (await contents.LoadAsync([task.Id], CancellationToken.None)).Single();
        Assert.That((copy.Revision, Encoding.UTF8.GetString(copy.Input.Span)), Is.EqualTo((TaskContents.Elsewhere, "null")));
        var whole = await contents.LoadWholeAsync(task.Id, CancellationToken.None);
        Assert.That((whole!.Revision, Encoding.UTF8.GetString(whole.Input.Span)), Is.EqualTo((0, LargeInput)));
    }

    [Test]
    public async Task A_large_element_of_a_batch_is_taken_too()
    {
        using var answer = await Producer.PostAsync("/v1/tasks/batch", $$"""{"kind":"debug.echo","input":{{LargeInput}},"tags":["large-line"]}""", "application/x-ndjson");
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("\"status\":202"));
        Assert.That((await Producer.FindAsync(await Producer.IdOfTagAsync("large-line"))).Input.ToString(), Is.EqualTo(LargeInput));
    }

    [Test]
    public async Task An_input_up_to_the_limit_stays_in_its_row()
    {
        var input = $$"""{"message":"{{new string('x', LargeTexts.MostInline - 14)}}"}""";
        Assert.That(input, Has.Length.EqualTo(LargeTexts.MostInline));
        var task = await Producer.SubmitAsync(input: input);
        Assert.That(await StoredAsync("input", "tasks", "id", task.Id), Is.EqualTo(input));
        Assert.That(await FilesAsync(task.Id), Is.Zero);
    }

    [Test]
    public async Task A_large_result_comes_back_whole()
    {
        var task = await Producer.SubmitAsync();
        var reference = await Producer.Get<LargeTexts>().StoreAsync(task.Id, Encoding.UTF8.GetBytes(LargeInput), CancellationToken.None);
        await Producer.EndAsync(task.Id, result: Encoding.UTF8.GetString(reference.Span));
        using var result = await Producer.GetAsync($"/v1/tasks/{task.Id}/result");
        Assert.That(await result.Content.ReadAsStringAsync(), Is.EqualTo(LargeInput));
        Assert.That((await Producer.FindAsync(task.Id)).Result.ToString(), Is.EqualTo(LargeInput));
    }

    [Test]
    public async Task A_failed_task_can_be_retried_with_a_large_input()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id, TaskState.Failed, null, new TaskFailure("test", "It failed.", false, null));
        using var retried = await Producer.PostAsync($"/v1/tasks/{task.Id}/retry", $$"""{"input":{{LargeInput}}}""");
        Assert.That(retried.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That((await Producer.FindAsync(task.Id)).Input.ToString(), Is.EqualTo(LargeInput));
        Assert.That(Encoding.UTF8.GetString((await Producer.Get<TaskContents>().LoadWholeAsync(task.Id, CancellationToken.None))!.Input.Span), Is.EqualTo(LargeInput));
    }

    [Test]
    public async Task A_removed_task_takes_its_files_along()
    {
        var task = await Producer.SubmitAsync(input: LargeInput);
        await Producer.EndAsync(task.Id);
        Assert.That(await FilesAsync(task.Id), Is.EqualTo(1));
        using var removed = await Producer.Client.DeleteAsync(new Uri($"/v1/tasks/{task.Id}", UriKind.Relative));
        Assert.That(removed.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await FilesAsync(task.Id), Is.Zero);
    }

    [Test]
    public async Task The_file_of_a_task_that_was_never_stored_is_deleted_and_that_of_one_that_is_there_is_not()
    {
        var stored = await Producer.SubmitAsync(input: LargeInput);
        var never = Guid.CreateVersion7(Producer.Get<LedgerClock>().Now);
        await Producer.Get<LargeTexts>().StoreAsync(never, Encoding.UTF8.GetBytes(LargeInput), CancellationToken.None);
        await Producer.Get<FileKeeper>().CleanAsync(FileKeeper.WriterGrace, TimeSpan.Zero, CancellationToken.None);
        Assert.That((await FilesAsync(never), await FilesAsync(stored.Id)), Is.EqualTo((0L, 1L)));
    }

    [TestCase(true, Description = "the same request")]
    [TestCase(false, Description = "another one with the same key")]
    public async Task A_large_input_that_is_sent_again_is_not_stored_again(bool same)
    {
        var key = Guid.NewGuid().ToString();
        var task = await Producer.SubmitAsync($""","idempotencyKey":"{key}" """, LargeInput);
        var before = await WrittenChunksAsync();

        var message = same ? LargeInput : LargeInput.Replace("xx", "yy", StringComparison.Ordinal);
        using var again = await Producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","idempotencyKey":"{{key}}","input":{{message}}}""");

        if (same)
            Assert.That((await ReadAsync<TaskResponse>(again)).Id, Is.EqualTo(task.Id));
        else
            await ProblemAsync(again, HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyKeyReused);
        Assert.That(await WrittenChunksAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task Of_large_inputs_with_one_key_that_come_at_once_one_file_stays()
    {
        var key = Guid.NewGuid().ToString();
        var earlier = Guid.NewGuid();
        await using var somebody = await Producer.Get<LedgerConnections>().Control.OpenConnectionAsync();
        await using var open = await somebody.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand(
            $"INSERT INTO messaging.idempotency_keys VALUES ('{earlier}', '{Guid.NewGuid()}', now() + interval '1 day', '', '{key}')", somebody, open))
            await take.ExecuteNonQueryAsync();
        var before = await WrittenChunksAsync();

        var late = Producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","idempotencyKey":"{{key}}","input":{{LargeInput}}}""");
        await Eventually.GetAsync(_ => WrittenChunksAsync(), seen => seen > before); // the key was not there when it was looked for
        await open.CommitAsync();

        using var answer = await late;
        Assert.That((await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyKeyReused)).TaskId, Is.EqualTo(earlier));
        Assert.That(await WrittenChunksAsync(), Is.EqualTo(before), "it is deleted at once");
    }

    [Test]
    public async Task Nobody_can_send_a_reference()
    {
        var task = await Producer.SubmitAsync(input: LargeInput);
        var reference = await StoredAsync("input", "tasks", "id", task.Id);
        using var raw = await Producer.PostAsync("/v1/tasks", $$"""{"kind":"debug.echo","input":{{reference}}}""");
        await ProblemAsync(raw, HttpStatusCode.BadRequest, ProblemTypes.MalformedJson);
        using var list = await Producer.GetAsync("/v1/files?limit=1000");
        Assert.That((await ReadAsync<Page<FileResponse>>(list)).Items, Is.Empty, "they are found by their tasks");
    }

    private async Task<string?> StoredAsync(string column, string table, string key, Guid id) =>
        await Producer.ScalarAsync($"SELECT {column} FROM messaging.{table} WHERE {key} = '{id}'") as string;

    private async Task<long> WrittenChunksAsync() => (long)(await Producer.ScalarAsync("SELECT count(*) FROM messaging.file_chunks"))!;

    private async Task<long> FilesAsync(Guid task) => (long)(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.files WHERE task_id = '{task}'"))!;
}
