using System.Net;
using System.Net.Sockets;
using System.Text;
using Messaging.Contracts.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>Every way to ask wrongly has its status, its problem type and the place that is wrong; and the process goes on.</summary>
public sealed class BadRequestTests : ProducerTest
{
    private const string Good = """ "kind":"debug.echo","input":{"message":"hi"} """;

    [TearDown]
    public async Task The_process_goes_on() => await Producer.SubmitAsync();

    [TestCase("", 1, 1)]
    [TestCase("{\n  \"kind\": \"debug.echo\",\n  \"input\": nonsense\n}", 3, 13)]
    [TestCase("{\"kind\":\"debug.echo\"", 1, 21)]
    [TestCase("{\"kind\":\"debug.echo\",\"input\":{}} x", 1, 34)]
    public async Task Malformed_json_is_told_with_its_place(string body, int line, int position)
    {
        using var answer = await Producer.PostAsync("/v1/tasks", body);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.MalformedJson);
        Assert.Multiple(() =>
        {
            Assert.That(problem.Line, Is.EqualTo(line), problem.Detail);
            Assert.That(problem.BytePosition, Is.EqualTo(position), problem.Detail);
        });
    }

    [Test]
    public async Task Text_that_is_not_utf8_is_told_with_its_place()
    {
        using var content = new ByteArrayContent([.. """{"kind":"debug.echo","input":{"message":" """u8, 0xff, .. "\"}}"u8]);
        content.Headers.ContentType = new("application/json");
        using var answer = await Producer.Client.PostAsync(new Uri("/v1/tasks", UriKind.Relative), content);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.MalformedJson);
        Assert.That((problem.Line, problem.BytePosition), Is.EqualTo((1L, 43L)), problem.Detail);
    }

    [TestCase("[]", "#")]
    [TestCase("\"x\"", "#")]
    [TestCase("{}", "#/kind", "#/input")]
    [TestCase("""{"input":{}}""", "#/kind")]
    [TestCase("""{"kind":"debug.echo"}""", "#/input")]
    [TestCase("""{"kind":7,"input":{}}""", "#/kind")]
    [TestCase("""{"kind":"debug.echo","input":{},"kind":"debug.echo"}""", "#/kind")]
    [TestCase("{" + Good + ""","queu":"x"}""", "#/queu")]
    [TestCase("{" + Good + ""","a/b~":1}""", "#/a~1b~0")]
    [TestCase("{" + Good + ""","delay":5}""", "#/delay")]
    [TestCase("{" + Good + ""","runAt":null}""", "#/runAt")]
    [TestCase("{" + Good + ""","maxAttempts":"3"}""", "#/maxAttempts")]
    [TestCase("{" + Good + ""","tags":"x"}""", "#/tags")]
    [TestCase("{" + Good + ""","tags":["x",1,{"a":[]}]}""", "#/tags/1", "#/tags/2")]
    public async Task A_wrong_shape_is_told_with_the_members(string body, params string[] pointers)
    {
        using var answer = await Producer.PostAsync("/v1/tasks", body);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Select(e => e.Pointer), Is.EqualTo(pointers));
    }

    [Test]
    public async Task A_misspelt_member_is_told_what_was_meant()
    {
        using var answer = await Producer.PostAsync("/v1/tasks", "{" + Good + ""","maxAtempts":3}""");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Detail, Does.Contain("maxAttempts"));
    }

    [TestCase("priority", "\"high\"")]
    [TestCase("key", "\"k\"")]
    [TestCase("dependsOn", "[]")]
    public async Task A_member_of_a_later_version_is_refused_and_not_ignored(string member, string value)
    {
        using var answer = await Producer.PostAsync("/v1/tasks", "{" + Good + $$""","{{member}}":{{value}}}""");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.NotBuiltYet);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo($"#/{member}"));
    }

    [Test]
    public async Task An_unknown_kind_is_told_the_nearest_known_ones()
    {
        using var answer = await Producer.PostAsync("/v1/tasks", """{"kind":"debug.ecko","input":{}}""");

        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.UnknownKind);
        Assert.Multiple(() =>
        {
            Assert.That(problem.Nearest, Is.EqualTo(new[] { "debug.echo" }));
            Assert.That(problem.Detail, Does.Contain("'debug.ecko'").And.Contain("'debug.echo'"));
            Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo("#/kind"));
        });
    }

    [TestCase("""{"kind":"debug.echo","input":{"message":5}}""", "#/input/message")]
    [TestCase("""{"kind":"debug.echo","input":{}}""", "#/input/message")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"x","mesage":"y"}}""", "#/input/mesage")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"a\u0000b"}}""", "#/input/message")]
    [TestCase("""{"kind":"debug.echo","input":{"message":"x","wait":"soon"}}""", "#/input/wait")]
    [TestCase("""{"kind":"http.fetch","input":{"urls":["http://a",7]}}""", "#/input/urls/1")]
    [TestCase("""{"kind":"debug.echo","input":null}""", "#/input")]
    public async Task An_input_that_does_not_fit_its_kind_is_told_with_the_fields(string body, string field)
    {
        using var answer = await Producer.PostAsync("/v1/tasks", body);

        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidInput);
        Assert.That(problem.Errors!.Select(e => e.Pointer), Does.Contain(field));
        Assert.That(problem.Errors!.Select(e => e.Detail), Has.All.Not.Empty);
    }

    [TestCase("\"queue\":\"No Such Name\"", "#/queue")]
    [TestCase("\"delay\":\"-PT1S\"", "#/delay")]
    [TestCase("\"delay\":\"10 minutes\"", "#/delay")]
    [TestCase("\"delay\":\"P1Y\"", "#/delay")]
    [TestCase("\"delay\":\"P400D\"", "#/delay")]
    [TestCase("\"delay\":\"PT1S\",\"runAt\":\"2020-01-01T00:00:00Z\"", "#/delay")]
    [TestCase("\"runAt\":\"tomorrow\"", "#/runAt")]
    [TestCase("\"runAt\":\"2030-01-01T00:00:00\"", "#/runAt")]
    [TestCase("\"runAt\":\"9000-01-01T00:00:00Z\"", "#/runAt")]
    [TestCase("\"deadline\":\"2020-01-01T00:00:00Z\"", "#/deadline")]
    [TestCase("\"deadline\":\"2020-01-01T00:00:00Z\",\"delay\":\"PT1H\"", "#/deadline")]
    [TestCase("\"deadline\":\"2099-01-01T00:00:00\"", "#/deadline")]
    [TestCase("\"deadline\":\"PT1H\"", "#/deadline")]
    [TestCase("\"timeout\":\"PT0S\"", "#/timeout")]
    [TestCase("\"timeout\":\"PT25H\"", "#/timeout")]
    [TestCase("\"maxAttempts\":0", "#/maxAttempts")]
    [TestCase("\"maxAttempts\":101", "#/maxAttempts")]
    [TestCase("\"maxAttempts\":1.5", "#/maxAttempts")]
    [TestCase("\"tags\":[\"a\",\"b\",\"a\"]", "#/tags/2")]
    [TestCase("\"tags\":[\"\"]", "#/tags/0")]
    [TestCase("\"tags\":[\"a\\u0000b\"]", "#/tags/0")]
    [TestCase("\"tags\":[\"\\ud800\"]", "#/tags/0")]
    [TestCase("\"queue\":\"\\udc00\"", "#/queue")]
    [TestCase("\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\",\"18\",\"19\",\"20\",\"21\"]", "#/tags")]
    public async Task A_value_that_can_not_be_is_told_with_its_member(string member, string field)
    {
        using var answer = await Producer.PostAsync("/v1/tasks", "{" + Good + "," + member + "}");

        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo(field));
    }

    [Test]
    public async Task A_body_over_the_limit_is_read_away_and_answered()
    {
        using var answer = await Producer.PostAsync("/v1/tasks", "{" + Good + $$""","x":"{{new string('x', 20 * 1024 * 1024)}}"}""");

        var problem = await ProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge, ProblemTypes.TooLarge);
        Assert.That(problem.Detail, Does.Contain(SubmitTaskRequest.MaxBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Test]
    public async Task An_input_over_its_limit_is_refused()
    {
        using var answer = await Producer.PostAsync("/v1/tasks", "{\"kind\":\"debug.echo\",\"input\":{\"message\":\"" + new string('x', SubmitTaskRequest.MaxInputBytes) + "\"}}");

        var problem = await ProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge, ProblemTypes.TooLarge);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo("#/input"));
    }

    [TestCase("text/plain")]
    [TestCase("application/json; charset=utf-16")]
    public async Task A_body_of_another_type_is_refused(string type)
    {
        using var content = new StringContent("{}");
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        using var answer = await Producer.Client.PostAsync(new Uri("/v1/tasks", UriKind.Relative), content);

        await ProblemAsync(answer, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType);
    }

    [Test]
    public async Task A_compressed_body_is_refused()
    {
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("gzip");
        using var answer = await Producer.Client.PostAsync(new Uri("/v1/tasks", UriKind.Relative), content);

        await ProblemAsync(answer, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType);
    }

    [TestCase("/v1/tasks/17")]
    [TestCase("/v1/tasks/17/result")]
    [TestCase("/v1/tasks/17/attempts")]
    [TestCase("/v1/tasks/{0197a000-0000-7000-8000-000000000000}")]
    public async Task An_id_that_is_no_uuid_is_refused(string path)
    {
        using var answer = await Producer.GetAsync(path);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Parameter, Is.EqualTo("id"));
    }

    [Test]
    public async Task An_id_that_is_no_uuid_can_not_be_cancelled()
    {
        using var answer = await Producer.PostAsync("/v1/tasks/17/cancel", "");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Parameter, Is.EqualTo("id"));
    }

    [TestCase("-PT1S")]
    [TestCase("-1")]
    [TestCase("soon")]
    [TestCase("")]
    [TestCase("P1Y")]
    [TestCase("99999999999999999999999999")]
    public async Task A_wait_that_is_no_time_is_refused(string wait)
    {
        var task = await Producer.SubmitAsync();
        using var answer = await Producer.GetAsync($"/v1/tasks/{task.Id}?wait={wait}");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Parameter, Is.EqualTo("wait"));
    }

    [TestCase("limit=0", "limit")]
    [TestCase("limit=1001", "limit")]
    [TestCase("limit=-1", "limit")]
    [TestCase("limit=ten", "limit")]
    [TestCase("state=done", "state")]
    [TestCase("state=Queued", "state")]
    [TestCase("after=17", "after")]
    [TestCase("kind=No%20Kind", "kind")]
    [TestCase("queue=a.b", "queue")]
    [TestCase("tag=", "tag")]
    [TestCase("tag=a%00b", "tag")]
    [TestCase("status=failed", "status")]
    [TestCase("state=failed&state=queued", "state")]
    public async Task A_list_with_a_bad_parameter_is_refused(string query, string parameter)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks?{query}");

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Parameter, Is.EqualTo(parameter));
    }

    [TestCase("/v1/tasks/0197a000-0000-7000-8000-000000000000")]
    [TestCase("/v1/tasks/0197a000-0000-7000-8000-000000000000?wait=PT30S")]
    [TestCase("/v1/tasks/0197a000-0000-7000-8000-000000000000/result")]
    [TestCase("/v1/tasks/0197a000-0000-7000-8000-000000000000/attempts")]
    public async Task An_unknown_task_is_not_found(string path)
    {
        using var answer = await Producer.GetAsync(path);

        var problem = await ProblemAsync(answer, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
        Assert.That(problem.Detail, Does.Contain("0197a000-0000-7000-8000-000000000000"));
    }

    [Test]
    public async Task An_unknown_kind_is_not_found()
    {
        using var answer = await Producer.GetAsync("/v1/kinds/debug.ecko");

        var problem = await ProblemAsync(answer, HttpStatusCode.NotFound, ProblemTypes.UnknownKind);
        Assert.That(problem.Nearest, Is.EqualTo(new[] { "debug.echo" }));
    }

    [Test]
    public async Task An_unknown_address_is_not_found()
    {
        using var answer = await Producer.GetAsync("/v1/nonsense");

        var problem = await ProblemAsync(answer, HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.That(problem.Instance, Is.EqualTo("/v1/nonsense"));
    }

    [Test]
    public async Task A_method_that_an_address_does_not_have_is_refused()
    {
        using var answer = await Producer.Client.DeleteAsync(new Uri("/v1/tasks", UriKind.Relative));

        await ProblemAsync(answer, HttpStatusCode.MethodNotAllowed, ProblemTypes.MethodNotAllowed);
        Assert.That(answer.Content.Headers.Allow, Is.EquivalentTo(new[] { "GET", "POST" }));
    }

    [Test]
    public async Task A_body_whose_framing_breaks_is_survived()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Producer.Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync("POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);

        Assert.That(await reader.ReadLineAsync(), Does.StartWith("HTTP/1.1 400"));
    }
}
