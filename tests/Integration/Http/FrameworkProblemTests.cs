using System.Net;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Producer.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>What the framework refuses by itself is a problem of ours all the same; and what a client prefers is honoured and said.</summary>
public sealed class FrameworkProblemTests : ProducerTest
{
    [TestCase("text/html")]
    [TestCase("application/json;q=0")]
    [TestCase("application/json;q=0, */*")]
    [TestCase("text/*, image/png")]
    public async Task An_answer_that_nobody_would_accept_is_refused(string accept)
    {
        using var answer = await SendAsync(HttpMethod.Get, "/v1/tasks", "Accept", accept);

        var problem = await ProblemAsync(answer, HttpStatusCode.NotAcceptable, ProblemTypes.NotAcceptable);
        Assert.That(problem.Detail, Does.Contain("application/json"));
        Assert.That(problem.Errors!.Single().Header, Is.EqualTo("Accept"));
    }

    [TestCase("*/*")]
    [TestCase("application/*")]
    [TestCase("text/html, application/xhtml+xml, */*;q=0.8")]
    [TestCase("application/json; charset=utf-8")]
    [TestCase("application/problem+json, application/json")]
    [TestCase("nonsense")]
    public async Task Whoever_accepts_json_somehow_gets_it(string accept)
    {
        using var answer = await SendAsync(HttpMethod.Get, "/v1/tasks", "Accept", accept);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Nothing_is_stored_whose_answer_would_not_be_accepted()
    {
        using var answer = await SendAsync(HttpMethod.Post, "/v1/tasks", "Accept", "text/html", """{"kind":"debug.echo","input":{"message":"hi"},"tags":["not-acceptable"]}""");

        await ProblemAsync(answer, HttpStatusCode.NotAcceptable, ProblemTypes.NotAcceptable);
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM messaging.task_tags WHERE tag = 'not-acceptable'"), Is.Zero);
    }

    [TestCase(9_000)]
    [TestCase(60_000)]
    public async Task An_address_that_is_too_long_is_told_so(int length)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks?kind={new string('k', length)}");

        await ProblemAsync(answer, HttpStatusCode.RequestUriTooLong, ProblemTypes.UriTooLong);
    }

    [TestCase(40_000)]
    [TestCase(250_000)]
    public async Task Header_fields_that_are_too_large_are_told_so(int length)
    {
        using var answer = await SendAsync(HttpMethod.Get, "/v1/tasks", "Cookie", new string('c', length));

        await ProblemAsync(answer, HttpStatusCode.RequestHeaderFieldsTooLarge, ProblemTypes.HeadersTooLarge);
    }

    [Test]
    public async Task Too_many_header_fields_are_told_so_also_to_who_sends_a_body()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks", UriKind.Relative));
        for (var i = 0; i <= RequestLimits.MostHeaders; i++)
            request.Headers.Add($"X-Field-{i}", "x");
        request.Content = new StringContent(new string('x', 1_000_000), Encoding.UTF8, "application/json");
        using var answer = await Producer.Client.SendAsync(request);

        await ProblemAsync(answer, HttpStatusCode.RequestHeaderFieldsTooLarge, ProblemTypes.HeadersTooLarge);
    }

    [Test]
    public async Task What_can_not_be_read_at_all_is_answered_by_the_server_itself()
    {
        using var answer = await SendAsync(HttpMethod.Get, "/v1/tasks", "Cookie", new string('c', 400_000));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.RequestHeaderFieldsTooLarge));
    }

    [TestCase("respond-async", "respond-async")]
    [TestCase("respond-async, wait=0", "respond-async, wait=0")]
    [TestCase("wait=0, wait=30", "wait=0")]
    [TestCase("Wait=\"0\"", "wait=0")]
    [TestCase("foo; wait=30, wait=0", "wait=0")]
    [TestCase("foo=\"a, wait=30\", wait=0", "wait=0")]
    [TestCase("wait=soon", null)]
    [TestCase("wait=-1", null)]
    [TestCase("wait", null)]
    [TestCase("return=minimal, handling=strict", null)]
    public async Task Preferences_are_honoured_and_said_or_ignored(string prefer, string? applied)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/v1/tasks", "Prefer", prefer, """{"kind":"debug.echo","input":{"message":"hi"}}""");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await answer.Content.ReadAsStringAsync());
        Assert.That(answer.Headers.TryGetValues("Preference-Applied", out var said) ? said.Single() : null, Is.EqualTo(applied));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string header, string value, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation(header, value);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await Producer.Client.SendAsync(request);
    }
}
