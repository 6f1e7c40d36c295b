using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Messaging.Consumers.Kinds.HttpFetch;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Json;
using Microsoft.AspNetCore.Http;
using Input = Messaging.Contracts.Kinds.HttpFetch;

namespace Messaging.Tests.Unit.Consumers.Kinds.HttpFetch;

[CancelAfter(30_000)]
public sealed class HttpFetchHandlerTests
{
    [Test]
    public async Task A_page_has_its_status_size_and_hash(CancellationToken limit)
    {
        var body = RandomNumberGenerator.GetBytes(300_000);
        await using var bench = await FetchBench.StartAsync(c => c.Response.Body.WriteAsync(body).AsTask());

        var page = await bench.FetchAsync(bench.Web.Url("a?b=c"), limit);

        Assert.That(
            (page.Url, page.Status, page.Bytes, page.Sha256, page.Error),
            Is.EqualTo((bench.Web.Url("a?b=c"), (int?)200, (long)body.Length, Convert.ToHexStringLower(SHA256.HashData(body)), (string?)null)));
        Assert.That(page.DurationMs, Is.GreaterThan(0));
    }

    [TestCase(404)]
    [TestCase(500)]
    [TestCase(204)]
    public async Task Any_status_is_an_answer(int status, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c =>
        {
            c.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        var page = await bench.FetchAsync(bench.Web.Url("x"), limit);
        Assert.That((page.Status, page.Error), Is.EqualTo(((int?)status, (string?)null)));
        Assert.That(page.Sha256, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData([]))));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_body_over_the_limit_is_not_read_to_its_end(bool withLength, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(async c =>
        {
            if (withLength)
                c.Response.ContentLength = 1_000_000;
            for (var i = 0; i < 100; i++)
                await c.Response.Body.WriteAsync(new byte[10_000], c.RequestAborted);
        });

        var page = await bench.FetchAsync(bench.Web.Url("big"), limit, maxBytes: 100_000);

        Assert.That((page.Status, page.Sha256, page.Error), Is.EqualTo(((int?)200, (string?)null, "its body is larger than 100000 bytes")));
        Assert.That(page.Bytes, withLength ? Is.Zero : Is.InRange(100_001, 200_000));
    }

    [Test]
    public async Task A_body_of_exactly_the_limit_is_fine(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c => c.Response.Body.WriteAsync(new byte[1000]).AsTask());
        Assert.That((await bench.FetchAsync(bench.Web.Url("x"), limit, maxBytes: 1000)).Error, Is.Null);
    }

    [TestCase("headers")]
    [TestCase("body")]
    public async Task A_page_that_takes_too_long_ends_alone(string slow, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(async c =>
        {
            if (c.Request.Path == "/body")
                await c.Response.Body.WriteAsync("begin"u8.ToArray());
            await c.Response.Body.FlushAsync();
            if (c.Request.Path != "/quick")
                await UntilGoneAsync(c);
        });
        if (slow == "headers")
            slow = "slow";

        var result = await bench.Handler.HandleAsync(
            new Input([bench.Web.Url(slow), bench.Web.Url("quick")], TimeoutPerUrl: TimeSpan.FromSeconds(1.5)), bench.Context, limit);

        Assert.That(result.Pages[0].Error, Is.EqualTo("it took longer than PT1.5S"));
        Assert.That(result.Pages[0].DurationMs, Is.InRange(1_490, 10_000));
        Assert.That(result.Pages[1].Error, Is.Null);
    }

    [Test]
    public async Task A_refused_connection_is_the_pages_own_error(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask);
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var page = await bench.FetchAsync($"http://127.0.0.1:{port}/", limit);

        Assert.That(page.Status, Is.Null);
        Assert.That(page.Error, Does.Contain("refused"));
    }

    [TestCase("not a url")]
    [TestCase("/etc/passwd")]
    [TestCase("file:///etc/passwd")]
    [TestCase("ftp://example.org/")]
    [TestCase("http://")]
    public async Task What_is_no_web_address_is_the_pages_own_error(string url, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask);
        Assert.That((await bench.FetchAsync(url, limit)).Error, Is.EqualTo("this is not an absolute http or https URL"));
    }

    [Test]
    public async Task A_name_that_can_not_be_resolved_is_the_pages_own_error(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask);
        var pages = (await bench.Handler.HandleAsync(
            new Input([$"http://no-such-host.invalid/", $"http://{string.Join('.', Enumerable.Repeat("aaaaaaaaa", 30))}/"]), bench.Context, limit)).Pages;
        Assert.That(pages[0].Error, Is.EqualTo("its host name can't be resolved"));
        Assert.That(pages[1].Error, Is.Not.Null.And.Length.LessThanOrEqualTo(200));
    }

    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789", 200, 10, "the connection ended before the whole answer was there")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Le", null, 0, "the connection ended before the whole answer was there")]
    [TestCase("", null, 0, "the connection ended before the whole answer was there")]
    [TestCase("220 mail.example.org ESMTP\r\n", null, 0, "this is no HTTP answer")]
    public async Task A_broken_answer_is_the_pages_own_error(string answer, int? status, int bytes, string error, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var fetch = bench.FetchAsync($"http://{listener.LocalEndpoint}/", limit);
        // More than once: an answer that did not even begin may be asked for again.
        for (var accept = listener.AcceptTcpClientAsync(limit).AsTask(); await Task.WhenAny(accept, fetch) == accept; accept = listener.AcceptTcpClientAsync(limit).AsTask())
        {
            using var connection = await accept;
            // Read the request first: closing with unread bytes would be a reset, which may overtake the answer.
            await connection.GetStream().ReadAtLeastAsync(new byte[4096], 20, throwOnEndOfStream: false, limit);
            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), limit);
        }

        var page = await fetch;

        Assert.That((page.Status, page.Bytes, page.Sha256), Is.EqualTo((status, (long)bytes, (string?)null)));
        Assert.That(page.Error, Does.StartWith(error));
    }

    [TestCase(1)]
    [TestCase(3)]
    public async Task No_host_gets_more_requests_at_once_than_asked(int perHost, CancellationToken limit)
    {
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = 0;
        await using var bench = await FetchBench.StartAsync(async c =>
        {
            // The first ones wait for each other, so the limit is reached for certain; the rest has to wait outside.
            if (Interlocked.Increment(ref arrived) == perHost)
                full.SetResult();
            await full.Task.WaitAsync(c.RequestAborted);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, c.RequestAborted);
        });

        var result = await bench.Handler.HandleAsync(
            new Input([.. Enumerable.Range(0, 12).Select(i => bench.Web.Url($"{i}"))], ConcurrencyPerHost: perHost), bench.Context, limit);

        Assert.That(result.Pages, Has.All.Property("Error").Null);
        Assert.That(bench.Web.MostAtOnce, Is.EqualTo(perHost));
    }

    [Test]
    public async Task A_busy_host_does_not_hold_up_another(CancellationToken limit)
    {
        var otherDone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var busy = await FetchBench.StartAsync(c => otherDone.Task.WaitAsync(c.RequestAborted), new HttpFetchOptions { AllowLoopback = true, MaxRequests = 3 });
        await using var other = await FetchBench.StartAsync(_ =>
        {
            otherDone.TrySetResult();
            return Task.CompletedTask;
        });

        // Of three permits the busy host may take two: were they taken before the host's place, the fourth page would wait for ever.
        var result = await busy.Handler.HandleAsync(
            new Input([busy.Web.Url("1"), busy.Web.Url("2"), busy.Web.Url("3"), other.Web.Url("4")], ConcurrencyPerHost: 2), busy.Context, limit);

        Assert.That(result.Pages, Has.All.Property("Error").Null);
    }

    [Test]
    public async Task Progress_rises_with_every_page(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask);

        var result = await bench.Handler.HandleAsync(
            new Input([.. Enumerable.Range(0, 40).Select(i => i % 4 == 0 ? "no url" : bench.Web.Url($"{i}"))], ConcurrencyPerHost: 8), bench.Context, limit);

        Assert.That(result.Pages, Has.Count.EqualTo(40));
        Assert.That(result.Pages.Select(p => p.Url), Is.EqualTo(Enumerable.Range(0, 40).Select(i => i % 4 == 0 ? "no url" : bench.Web.Url($"{i}"))));
        Assert.That(bench.Context.Progress.Select(p => p.Percent), Is.EqualTo(Enumerable.Range(1, 40).Select(i => i * 2.5)).Within(1e-9));
        Assert.That(bench.Context.Progress[2].Message, Is.EqualTo("3 of 40 pages"));
    }

    [Test]
    public async Task Stops_within_a_second_of_being_told(CancellationToken limit)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var bench = await FetchBench.StartAsync(async c =>
        {
            asked.TrySetResult();
            await UntilGoneAsync(c);
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit);
        var run = bench.Handler.HandleAsync(new Input([.. Enumerable.Repeat(bench.Web.Url("x"), 50)]), bench.Context, stop.Token);
        await asked.Task.WaitAsync(limit);

        await stop.CancelAsync();
        var watch = Stopwatch.StartNew();
        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public async Task The_result_of_a_thousand_failed_pages_can_be_stored(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask, new HttpFetchOptions());
        var urls = Enumerable.Range(0, 1000).Select(i => $"http://127.0.0.1/{i:0000}/{new string('x', 70)}").ToList();

        var result = await bench.Handler.HandleAsync(new Input(urls, ConcurrencyPerHost: 64), bench.Context, limit);

        Assert.That(result.Pages, Has.All.Property("Error").Not.Null);
        Assert.That(JsonSerializer.SerializeToUtf8Bytes(result, MessagingJson.Payload), Has.Length.LessThanOrEqualTo(256 * 1024).And.Length.GreaterThan(200 * 1024));
    }

    [Test]
    public async Task Urls_whose_result_could_not_be_stored_are_not_fetched(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask);
        var urls = Enumerable.Range(0, 1000).Select(i => bench.Web.Url($"{i}/{new string('x', 100)}")).ToList();

        Assert.That(() => bench.Handler.HandleAsync(new Input(urls), bench.Context, limit), Throws.InstanceOf<NonRetryableException>());
        Assert.That(bench.Web.Requests, Is.Zero);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(3601)]
    public async Task A_timeout_out_of_bounds_is_not_tried_again(int seconds)
    {
        await using var bench = await FetchBench.StartAsync(_ => Task.CompletedTask);
        Assert.That(
            () => bench.FetchAsync("http://x/", CancellationToken.None, timeout: TimeSpan.FromSeconds(seconds)),
            Throws.InstanceOf<NonRetryableException>().With.Property("Code").EqualTo("invalid-input"));
    }

    private static Task UntilGoneAsync(HttpContext context) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
            .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
