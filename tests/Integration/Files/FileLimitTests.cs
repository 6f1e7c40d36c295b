using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Files;

/// <summary>What is too much, of the wrong type, cut, left behind or too old.</summary>
[CancelAfter(60_000)]
public sealed class FileLimitTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.Zero;

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_is_too_large_is_refused_and_leaves_nothing(bool saysHowLong)
    {
        await using var producer = await StartAsync("--Messaging:Files:MaxBytes=1000000");
        using var fits = await UploadAsync(producer, new byte[1_000_000], "image/png", saysHowLong);
        using var answer = await UploadAsync(producer, new byte[1_000_001], "image/png", saysHowLong);
        Assert.That(fits.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        Assert.That((await ProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge, ProblemTypes.TooLarge)).Limit, Is.EqualTo(1_000_000));
        Assert.That(await producer.ScalarAsync("SELECT count(*) FROM messaging.files"), Is.EqualTo(1));
    }

    [Test]
    public async Task Only_the_named_types_are_taken()
    {
        await using var producer = await StartAsync("--Messaging:Files:MediaTypes:0=image/*", "--Messaging:Files:MediaTypes:1=text/csv");
        using var image = await UploadAsync(producer, [1], "image/png");
        using var table = await UploadAsync(producer, [1], "text/csv; charset=utf-8");
        using var page = await UploadAsync(producer, [1], "text/html");
        Assert.That((image.StatusCode, table.StatusCode), Is.EqualTo((HttpStatusCode.Created, HttpStatusCode.Created)));
        Assert.That((await ProblemAsync(page, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType)).Detail, Does.Contain("image/*, text/csv"));
    }

    [Test]
    public async Task When_all_room_is_taken_nothing_more_is()
    {
        await using var producer = await StartAsync("--Messaging:Files:MaxTotalBytes=1000");
        using var first = await UploadAsync(producer, new byte[600], "image/png");
        using var second = await UploadAsync(producer, new byte[600], "image/png");
        Assert.That(first.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        await ProblemAsync(second, HttpStatusCode.InsufficientStorage, ProblemTypes.NoRoom);
    }

    [Test]
    public async Task When_all_room_is_taken_an_upload_that_did_not_say_how_long_it_is_ends()
    {
        await using var producer = await StartAsync("--Messaging:Files:MaxTotalBytes=1000");
        using var first = await UploadAsync(producer, new byte[600], "image/png", saysHowLong: false);
        using var second = await UploadAsync(producer, new byte[401], "image/png", saysHowLong: false);
        using var third = await UploadAsync(producer, new byte[400], "image/png", saysHowLong: false);
        Assert.That(first.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        await ProblemAsync(second, HttpStatusCode.InsufficientStorage, ProblemTypes.NoRoom);
        Assert.That(third.StatusCode, Is.EqualTo(HttpStatusCode.Created), "what was refused takes no room");
        Assert.That(await producer.ScalarAsync("SELECT sum(size)::bigint FROM messaging.files"), Is.EqualTo(1000L));
    }

    [Test]
    public async Task What_is_on_its_way_takes_room()
    {
        await using var producer = await StartAsync("--Messaging:Files:MaxTotalBytes=1000");
        using (var slow = new TcpClient())
        {
            await slow.ConnectAsync(producer.Address.Host, producer.Address.Port);
            await slow.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"POST /v1/files HTTP/1.1\r\nHost: {producer.Address.Authority}\r\nContent-Length: 600\r\n\r\nbegun"));
            await Eventually.GetAsync(_ => producer.ScalarAsync("SELECT count(*) FROM messaging.files"), seen => seen is 1L);
            using var refused = await UploadAsync(producer, new byte[600], "image/png");
            using var fits = await UploadAsync(producer, new byte[400], "image/png");
            await ProblemAsync(refused, HttpStatusCode.InsufficientStorage, ProblemTypes.NoRoom);
            Assert.That(fits.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        }

        await Eventually.GetAsync(_ => producer.ScalarAsync("SELECT count(*) FROM messaging.files"), seen => seen is 1L);
        using var later = await UploadAsync(producer, new byte[600], "image/png");
        Assert.That(later.StatusCode, Is.EqualTo(HttpStatusCode.Created), "its room is free again");
    }

    [Test]
    public async Task An_upload_without_end_is_ended_when_all_room_is_taken()
    {
        await using var producer = await StartAsync("--Messaging:Files:MaxTotalBytes=20000000", "--Messaging:Files:CleanEvery=00:00:00.2");
        using var endless = new TcpClient();
        await endless.ConnectAsync(producer.Address.Host, producer.Address.Port);
        await using var stream = endless.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/files HTTP/1.1\r\nHost: {producer.Address.Authority}\r\nTransfer-Encoding: chunked\r\n\r\n"));
        var piece = (byte[])[.. "100000\r\n"u8, .. new byte[1 << 20], .. "\r\n"u8];
        for (var pieces = 0; pieces < 32; pieces++)
            await stream.WriteAsync(piece);

        // It is deleted as it is refused, the end of it by the keeper; the answer comes when the rest was read away, or its time is over.
        await Eventually.GetAsync(_ => producer.ScalarAsync("SELECT count(*) FROM messaging.files"), seen => seen is 0L);
        await stream.WriteAsync("0\r\n\r\n"u8.ToArray());
        var answer = new byte[12];
        await stream.ReadExactlyAsync(answer);
        Assert.That(Encoding.ASCII.GetString(answer), Is.EqualTo("HTTP/1.1 507"));
    }

    [Test]
    public async Task An_upload_that_is_cut_is_never_seen_and_leaves_nothing()
    {
        await using var producer = await StartAsync();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(producer.Address.Host, producer.Address.Port);
            await using var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/files HTTP/1.1\r\nHost: {producer.Address.Authority}\r\nContent-Length: 10000000\r\n\r\n"));
            await stream.WriteAsync(new byte[2_000_000]);
            await Eventually.GetAsync(_ => producer.ScalarAsync("SELECT count(*) FROM messaging.file_chunks"), seen => seen is >= 3L);
            using var list = await producer.GetAsync("/v1/files");
            Assert.That((await ReadAsync<Page<FileResponse>>(list)).Items, Is.Empty);
            var id = await producer.ScalarAsync("SELECT id FROM messaging.files");
            using var early = await producer.GetAsync($"/v1/files/{id}");
            await ProblemAsync(early, HttpStatusCode.NotFound, ProblemTypes.UnknownFile);
        }

        await Eventually.GetAsync(_ => producer.ScalarAsync("SELECT count(*) FROM messaging.files"), seen => seen is 0L);
        Assert.That(await producer.ScalarAsync("SELECT count(*) FROM messaging.file_chunks"), Is.Zero);
    }

    [Test]
    public async Task What_a_dead_process_has_begun_is_deleted_and_what_a_living_one_writes_is_not()
    {
        await using var producer = await StartAsync();
        var living = producer.Get<InstanceIdentity>().Id;
        foreach (var writer in new[] { Guid.NewGuid(), living })
        {
            await producer.ScalarAsync($"""
                WITH f AS (INSERT INTO messaging.files (id, writer, chunk_bytes, media_type) VALUES ('{writer}', '{writer}', 10, 'image/png') RETURNING id)
                SELECT 1 FROM f
                """);
            await producer.ScalarAsync($"INSERT INTO messaging.file_chunks VALUES ('{writer}', 0, 'abc')");
        }

        Assert.That(await producer.Get<FileKeeper>().CleanAsync(AtOnce, null, CancellationToken.None), Is.EqualTo(1));
        Assert.That(await producer.ScalarAsync("SELECT writer FROM messaging.files"), Is.EqualTo(living));
        Assert.That(await producer.ScalarAsync("SELECT count(*) FROM messaging.file_chunks"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_expired_file_is_gone_at_once_and_deleted_soon()
    {
        await using var producer = await StartAsync("--Messaging:Files:Retention=00:00:01", "--Messaging:Files:CleanEvery=00:00:00.2");
        using var created = await UploadAsync(producer, new byte[600], "image/png");
        var id = (await ReadAsync<FileResponse>(created)).Id;
        await Eventually.GetAsync(
            async _ =>
            {
                using var answer = await producer.GetAsync($"/v1/files/{id}");
                return answer.StatusCode;
            },
            status => status == HttpStatusCode.NotFound);
        await Eventually.GetAsync(_ => producer.ScalarAsync("SELECT count(*) FROM messaging.files"), seen => seen is 0L);
    }

    private static async Task<HttpResponseMessage> UploadAsync(ProducerHarness producer, byte[] bytes, string type, bool saysHowLong = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/files", UriKind.Relative)) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        request.Headers.TransferEncodingChunked = !saysHowLong;
        return await producer.Client.SendAsync(request);
    }
}
