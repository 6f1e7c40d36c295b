using System.Diagnostics;
using Messaging.Consumers.Kinds.HttpFetch;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.Unit.Consumers.Kinds.HttpFetch;

/// <summary>Where a page may lead: redirects and addresses.</summary>
[CancelAfter(30_000)]
public sealed class HttpFetchReachTests
{
    [TestCase(301)]
    [TestCase(302)]
    [TestCase(303)]
    [TestCase(307)]
    [TestCase(308)]
    public async Task Redirects_are_followed(int status, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c => c.Request.Path == "/end" ? c.Response.WriteAsync("there") : Redirect(c, status, "../end"));
        var page = await bench.FetchAsync(bench.Web.Url("a/b"), limit);
        Assert.That((page.Url, page.Status, page.Bytes, page.Error), Is.EqualTo((bench.Web.Url("a/b"), (int?)200, 5L, (string?)null)));
    }

    [TestCase(5, null)]
    [TestCase(6, "it redirects more than 5 times")]
    public async Task Five_redirects_are_followed_and_not_one_more(int redirects, string? error, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c =>
        {
            var left = int.Parse(c.Request.Path.Value![1..]);
            return left == 0 ? c.Response.WriteAsync("there") : Redirect(c, 302, $"/{left - 1}");
        });
        var page = await bench.FetchAsync(bench.Web.Url($"{redirects}"), limit);
        Assert.That(page.Error, Is.EqualTo(error));
        Assert.That(bench.Web.Requests, Is.EqualTo(6));
    }

    [Test]
    public async Task A_circle_of_redirects_ends(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c => Redirect(c, 302, "/again"));
        var page = await bench.FetchAsync(bench.Web.Url("again"), limit);
        Assert.That((page.Status, page.Sha256, page.Error), Is.EqualTo(((int?)302, (string?)null, "it redirects more than 5 times")));
    }

    [Test]
    public async Task A_redirect_without_a_target_is_the_page(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c =>
        {
            c.Response.StatusCode = 302;
            return c.Response.WriteAsync("here");
        });
        var page = await bench.FetchAsync(bench.Web.Url("x"), limit);
        Assert.That((page.Status, page.Bytes, page.Error), Is.EqualTo(((int?)302, 4L, (string?)null)));
    }

    [TestCase("file:///etc/passwd")]
    [TestCase("ftp://example.org/")]
    [TestCase("javascript:alert(1)")]
    public async Task A_redirect_leads_to_web_addresses_alone(string target, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c => Redirect(c, 302, target));
        var page = await bench.FetchAsync(bench.Web.Url("x"), limit);
        Assert.That((page.Status, page.Sha256, page.Error), Is.EqualTo(((int?)302, (string?)null, "it redirects to what is not an http or https URL")));
    }

    [TestCase("http://10.0.0.1/")]
    [TestCase("http://192.168.0.1:8080/")]
    [TestCase("http://[fd00::1]/")]
    [TestCase("http://[::ffff:10.0.0.1]/")]
    [TestCase("http://0x0a000001/")]
    [TestCase("http://167772161/")]
    [TestCase("http://169.254.169.254/latest/meta-data/")]
    [TestCase("https://100.64.0.1/")]
    public async Task A_redirect_inside_is_refused_before_anything_is_sent(string target, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c => Redirect(c, 302, target));
        var watch = Stopwatch.StartNew();
        var page = await bench.FetchAsync(bench.Web.Url("x"), limit);
        Assert.That(page.Error, Does.Contain("refused"));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)), "a connection was tried");
    }

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("[::ffff:127.0.0.1]")]
    [TestCase("127.1")]
    [TestCase("2130706433")]
    [TestCase("0.0.0.0")]
    public async Task Without_leave_this_machine_is_out_of_reach_under_any_name(string host, CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c => c.Response.WriteAsync("secret"), new HttpFetchOptions());
        var page = await bench.FetchAsync($"http://{host}:{bench.Web.Address.Port}/", limit);
        Assert.That((page.Status, page.Bytes, page.Sha256), Is.EqualTo(((int?)null, 0L, (string?)null)));
        Assert.That(page.Error, Does.Contain("refused"));
        Assert.That(bench.Web.Requests, Is.Zero);
    }

    [Test]
    public async Task With_leave_this_machine_is_reached_by_name_too(CancellationToken limit)
    {
        await using var bench = await FetchBench.StartAsync(c => c.Response.WriteAsync("hello"));
        Assert.That((await bench.FetchAsync($"http://localhost:{bench.Web.Address.Port}/", limit)).Error, Is.Null);
    }

    [Test]
    public async Task Requests_carry_no_cookies_credentials_or_trace_headers(CancellationToken limit)
    {
        var headers = new List<string>();
        await using var bench = await FetchBench.StartAsync(c =>
        {
            lock (headers)
                headers.AddRange(c.Request.Headers.Keys);
            c.Response.Cookies.Append("id", "1");
            return c.Request.Path == "/end" ? Task.CompletedTask : Redirect(c, 302, "/end");
        });
        using var activity = new Activity("test").Start();

        await bench.FetchAsync($"http://user:secret@127.0.0.1:{bench.Web.Address.Port}/", limit);

        Assert.That(headers.Distinct(), Is.EquivalentTo(["Host", "User-Agent", "Accept"]));
    }

    private static Task Redirect(HttpContext context, int status, string target)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = target;
        return Task.CompletedTask;
    }
}
