using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Tests.Integration.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Files;

/// <summary>Files over HTTP: RFC 9110 for ranges and conditions, RFC 9530 for digests.</summary>
public sealed class FileActionsTests : ProducerTest
{
    // A little more than two chunks.
    private static readonly byte[] Bytes = Make((2 * FileStore.ChunkBytes) + 1_000);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(FileStore.ChunkBytes)]
    [TestCase((2 * FileStore.ChunkBytes) + 1_000)]
    public async Task What_was_uploaded_comes_back(int size)
    {
        var bytes = Make(size);
        using var created = await UploadAsync(bytes, "text/csv; charset=utf-8", "attachment; filename=\"../report.csv\"");
        var file = await ReadAsync<FileResponse>(created);
        Assert.That(created.Headers.Location?.ToString(), Is.EqualTo($"/v1/files/{file.Id}"));
        Assert.That((file.Name, file.MediaType, file.Size, file.Sha256), Is.EqualTo(("report.csv", "text/csv; charset=utf-8", (long)size, Hash(bytes))));
        Assert.That(file.ExpiresAt - file.CreatedAt, Is.EqualTo(TimeSpan.FromDays(30)).Within(TimeSpan.FromMinutes(1)));

        using var whole = await Producer.GetAsync($"/v1/files/{file.Id}");
        Assert.That(whole.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await whole.Content.ReadAsByteArrayAsync(), Is.EqualTo(bytes));
        Assert.That(whole.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/csv; charset=utf-8"));
        Assert.That(whole.Content.Headers.ContentDisposition?.FileName, Is.EqualTo("report.csv"));
        Assert.That(whole.Headers.ETag, Is.EqualTo(new EntityTagHeaderValue($"\"{file.Sha256}\"")));
        Assert.That(whole.Headers.ETag!.IsWeak, Is.False);
        Assert.That(whole.Headers.AcceptRanges, Is.EqualTo(new[] { "bytes" }));
        Assert.That(whole.Headers.GetValues("Repr-Digest").Single(), Is.EqualTo($"sha-256=:{Convert.ToBase64String(SHA256.HashData(bytes))}:"));
        Assert.That(whole.Headers.GetValues("Content-Digest"), Is.EqualTo(whole.Headers.GetValues("Repr-Digest")));
        Assert.That(whole.Headers.GetValues("X-Content-Type-Options").Single(), Is.EqualTo("nosniff"));
        using var info = await Producer.GetAsync($"/v1/files/{file.Id}/info");
        Assert.That(await ReadAsync<FileResponse>(info), Is.EqualTo(file));
        using var list = await Producer.GetAsync("/v1/files?limit=1000");
        Assert.That((await ReadAsync<Page<FileResponse>>(list)).Items.Select(f => f.Id), Does.Contain(file.Id));
    }

    [TestCase("bytes=0-0", 0, 1)]
    [TestCase("bytes=5-9", 5, 5)]
    [TestCase("bytes=-3", (2 * FileStore.ChunkBytes) + 997, 3)]
    [TestCase("bytes=1048000-", 1_048_000, (2 * FileStore.ChunkBytes) + 1_000 - 1_048_000)]
    [TestCase("bytes=524280-524300", 524_280, 21)]
    [TestCase("bytes=1048570-99999999", 1_048_570, 1_006)]
    public async Task A_range_is_answered_with_206(string range, int from, int count)
    {
        var id = await UploadAsync(Bytes);
        using var answer = await GetAsync(id, range);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.PartialContent));
        Assert.That(answer.Content.Headers.ContentRange?.ToString(), Is.EqualTo($"bytes {from}-{from + count - 1}/{Bytes.Length}"));
        Assert.That(await answer.Content.ReadAsByteArrayAsync(), Is.EqualTo(Bytes[from..(from + count)]));
        Assert.That(answer.Headers.GetValues("Repr-Digest").Single(), Does.Contain(Convert.ToBase64String(SHA256.HashData(Bytes))), "of the whole");
        Assert.That(answer.Headers.Contains("Content-Digest"), Is.False);
    }

    [TestCase("bytes=1049576-")]
    [TestCase("bytes=99999999-100000000")]
    public async Task A_range_behind_the_end_is_answered_with_416(string range)
    {
        var id = await UploadAsync(Bytes);
        using var answer = await GetAsync(id, range);
        await ProblemAsync(answer, HttpStatusCode.RequestedRangeNotSatisfiable, ProblemTypes.RangeNotSatisfiable);
        Assert.That(answer.Content.Headers.ContentRange?.ToString(), Is.EqualTo($"bytes */{Bytes.Length}"));
    }

    [TestCase("bytes=0-1,5-6")]
    [TestCase("bytes=9-5")]
    [TestCase("lines=1-2")]
    public async Task Several_ranges_and_what_is_none_are_answered_with_the_whole(string range)
    {
        var id = await UploadAsync(Bytes);
        using var answer = await GetAsync(id, range);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await answer.Content.ReadAsByteArrayAsync(), Has.Length.EqualTo(Bytes.Length));
    }

    [Test]
    public async Task Conditions_are_heeded()
    {
        var id = await UploadAsync(Bytes);
        var tag = $"\"{Hash(Bytes)}\"";
        using var same = await GetAsync(id, "bytes=0-9", ("If-Range", tag));
        using var other = await GetAsync(id, "bytes=0-9", ("If-Range", "\"other\""));
        using var unchanged = await GetAsync(id, null, ("If-None-Match", tag));
        using var mismatch = await GetAsync(id, null, ("If-Match", "\"other\""));
        Assert.That(
            (same.StatusCode, other.StatusCode, unchanged.StatusCode, mismatch.StatusCode),
            Is.EqualTo((HttpStatusCode.PartialContent, HttpStatusCode.OK, HttpStatusCode.NotModified, HttpStatusCode.PreconditionFailed)));
    }

    [Test]
    public async Task Head_says_all_but_the_bytes()
    {
        var id = await UploadAsync(Bytes);
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri($"/v1/files/{id}", UriKind.Relative));
        using var head = await Producer.Client.SendAsync(request);
        Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(head.Content.Headers.ContentLength, Is.EqualTo(Bytes.Length));
        Assert.That(head.Headers.ETag?.Tag, Is.EqualTo($"\"{Hash(Bytes)}\""));
        Assert.That(head.Headers.Contains("Repr-Digest"), Is.True);
        Assert.That(await head.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [TestCase("Content-Digest")]
    [TestCase("Repr-Digest")]
    public async Task The_clients_digest_is_compared(string field)
    {
        using var right = await UploadAsync(Bytes, more: (field, $"sha-512=:AAAA:, sha-256=:{Convert.ToBase64String(SHA256.HashData(Bytes))}:"));
        using var wrong = await UploadAsync(Bytes, more: (field, $"sha-256=:{Convert.ToBase64String(SHA256.HashData(Bytes.AsSpan(1)))}:"));
        using var nonsense = await UploadAsync(Bytes, more: (field, "sha-256=abc"));
        Assert.That(right.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        await ProblemAsync(wrong, HttpStatusCode.BadRequest, ProblemTypes.DigestMismatch);
        Assert.That((await ProblemAsync(nonsense, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest)).Errors!.Single().Header, Is.EqualTo(field));
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM messaging.files WHERE completed_at IS NULL"), Is.Zero);
    }

    [Test]
    public async Task A_form_is_refused_with_a_hint_and_an_unknown_file_is_unknown()
    {
        using var form = await UploadAsync(Bytes, "multipart/form-data; boundary=x");
        using var packed = await UploadAsync(Bytes, more: ("Content-Encoding", "gzip"));
        using var unknown = await Producer.GetAsync($"/v1/files/{Guid.NewGuid()}");
        Assert.That((await ProblemAsync(form, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType)).Detail, Does.Contain("--data-binary"));
        await ProblemAsync(packed, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType);
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownFile);
    }

    [Test]
    public async Task A_media_type_that_no_answer_could_have_is_refused()
    {
        // Straight to the socket: a client of good manners does not send it.
        using var client = new TcpClient();
        await client.ConnectAsync(Producer.Address.Host, Producer.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            $"POST /v1/files HTTP/1.1\r\nHost: {Producer.Address.Authority}\r\nContent-Type: text/csv; x=\"é\"\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = await reader.ReadToEndAsync();

        Assert.That(answer, Does.StartWith("HTTP/1.1 415").And.Contain(ProblemTypes.UnsupportedMediaType).And.Contain("ASCII"));
    }

    [Test]
    public async Task A_file_whose_media_type_can_not_be_said_is_downloaded_all_the_same()
    {
        var id = await UploadAsync(Bytes);
        await Producer.ScalarAsync($"UPDATE messaging.files SET media_type = 'text/csv; x=\"é\"' WHERE id = '{id}'");

        using var answer = await GetAsync(id, null);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/octet-stream"));
        Assert.That(await answer.Content.ReadAsByteArrayAsync(), Is.EqualTo(Bytes));
    }

    [Test]
    public async Task A_deleted_file_is_gone_and_the_audit_log_has_it()
    {
        using var created = await UploadAsync(Bytes, disposition: "attachment; filename=secret.txt");
        var id = (await ReadAsync<FileResponse>(created)).Id;
        using var deleted = await Producer.Client.DeleteAsync(new Uri($"/v1/files/{id}?reason=private", UriKind.Relative));
        using var again = await Producer.Client.DeleteAsync(new Uri($"/v1/files/{id}", UriKind.Relative));
        using var gone = await Producer.GetAsync($"/v1/files/{id}");
        Assert.That(deleted.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await ProblemAsync(again, HttpStatusCode.NotFound, ProblemTypes.UnknownFile);
        await ProblemAsync(gone, HttpStatusCode.NotFound, ProblemTypes.UnknownFile);
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.file_chunks WHERE file_id = '{id}'"), Is.Zero);
        Assert.That(
            await Producer.ScalarAsync($"SELECT reason || details FROM messaging.audit WHERE action = 'file.delete' AND target = 'file:{id}'"),
            Is.EqualTo("private{\"name\":\"secret.txt\"}"));
    }

    private async Task<Guid> UploadAsync(byte[] bytes)
    {
        using var created = await UploadAsync(bytes, "application/octet-stream");
        return (await ReadAsync<FileResponse>(created)).Id;
    }

    private Task<HttpResponseMessage> UploadAsync(
        byte[] bytes, string type = "application/octet-stream", string? disposition = null, (string Name, string Value)? more = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/files", UriKind.Relative)) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (disposition is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Disposition", disposition);
        if (more is { } header && !request.Headers.TryAddWithoutValidation(header.Name, header.Value))
            request.Content.Headers.TryAddWithoutValidation(header.Name, header.Value);
        return Producer.Client.SendAsync(request);
    }

    private Task<HttpResponseMessage> GetAsync(Guid id, string? range, params (string Name, string Value)[] more)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/v1/files/{id}", UriKind.Relative));
        if (range is not null)
            request.Headers.TryAddWithoutValidation("Range", range);
        foreach (var (name, value) in more)
            request.Headers.TryAddWithoutValidation(name, value);
        return Producer.Client.SendAsync(request);
    }

    private static byte[] Make(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
